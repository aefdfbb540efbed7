package github_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/testkit"
	"github.com/org/platform/internal/testkit/github"
)

const commits = `commit refs/heads/main
committer Ada Author <ada@example.com> 1767600000 +0000
data 4
mainM 100644 inline README
data 2
a

`

// newServer serves a repository with main and branches that each change one file. Those that share a first letter conflict.
func newServer(t testing.TB, o github.Options, branches ...string) (*github.Server, *testkit.Remote) {
	t.Helper()
	remote := testkit.NewRemote(t)
	stream := commits
	for _, branch := range branches {
		for n := range 2 {
			stream += fmt.Sprintf("commit refs/heads/%s\ncommitter Ada Author <ada@example.com> %d +0000\ndata <<E\n%s %d\n\nTrailer: %[3]s\nE\n", branch, 1767600060+n, branch, n)
			if n == 0 {
				stream += "from refs/heads/main\n"
			}
			stream += fmt.Sprintf("M 100644 inline %s\ndata <<E\n%s %d\nE\n\n", branch[:1], branch, n)
		}
	}
	remote.Import(stream)
	return github.New(t, remote, o), remote
}

func open(t testing.TB, s *github.Server, branch string) int {
	t.Helper()
	number, err := s.Open("ada", "change "+branch, "", branch, "main")
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestMergeMethods(t *testing.T) {
	t.Parallel()
	s, remote := newServer(t, github.Options{}, "a", "b", "c", "d1", "d2")
	for _, branch := range []string{"a", "b", "c"} {
		open(t, s, branch)
	}
	for i, method := range []string{"merge", "squash", "rebase"} {
		if err := s.Merge(i+1, "mallory", method); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := remote.Git("log", "--first-parent", "--format=%s|%an|%cn", "main"), strings.Join([]string{
		"c 1|Ada Author|GitHub", "c 0|Ada Author|GitHub", "change b (#2)|mallory|GitHub", "Merge pull request #1 from org/a|mallory|GitHub", "main|Ada Author|Ada Author"}, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
	if body := remote.Git("log", "-1", "--format=%b", "main~2"); body != "* b 0\n\nTrailer: b\n\n* b 1\n\nTrailer: b\n" {
		t.Errorf("got %q", body)
	}
	if files := remote.Files("main", "."); files["a"] != "a 1\n" || files["b"] != "b 1\n" || files["c"] != "c 1\n" {
		t.Errorf("got %v", files)
	}
	open(t, s, "d1")
	open(t, s, "d2")
	if err := s.Merge(4, "ada", "merge"); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"merge", "squash", "rebase"} {
		if err := s.Merge(5, "ada", method); err == nil || !strings.Contains(err.Error(), "not mergeable") {
			t.Errorf("%s of a conflict: %v", method, err)
		}
	}
	remote.Git("fsck", "--strict")
}

// A pull request follows its branches, whoever moves them and however.
func TestFollow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		move func(s *github.Server, remote *testkit.Remote) error
		want string // state, merged by, head
	}{
		"pushed": {func(s *github.Server, r *testkit.Remote) error { return push(s, r, "a", "a~1") }, "open  a~1"},
		"deleted": {func(s *github.Server, r *testkit.Remote) error {
			return s.Push("eve", "a", r.Git("rev-parse", "a"), "")
		},
			"closed  old"},
		"moved back":       {func(s *github.Server, r *testkit.Remote) error { return push(s, r, "a", "main") }, "closed  main"},
		"base is past it":  {func(s *github.Server, r *testkit.Remote) error { return push(s, r, "main", "a") }, "closed eve old"},
		"base is another":  {func(s *github.Server, r *testkit.Remote) error { return push(s, r, "main", "b") }, "open  old"},
		"behind its back":  {func(_ *github.Server, r *testkit.Remote) error { r.Git("branch", "-D", "a"); return nil }, "closed  old"},
		"closed":           {func(s *github.Server, _ *testkit.Remote) error { return s.Close(1, "eve") }, "closed  old"},
		"closed, reopened": {func(s *github.Server, _ *testkit.Remote) error { _ = s.Close(1, "eve"); return s.Reopen(1, "eve") }, "open  old"},
		"merged, deleted": {func(s *github.Server, r *testkit.Remote) error {
			r.Git("update-ref", "refs/heads/main", "a")
			r.Git("branch", "-D", "a")
			return s.Push("eve", "x", "", r.Git("rev-parse", "b"))
		}, "closed github-actions[bot] old"},
	} {
		s, remote := newServer(t, github.Options{}, "a", "b")
		open(t, s, "a")
		commits := map[string]string{"old": remote.Git("rev-parse", "a"), "a~1": remote.Git("rev-parse", "a~1"), "main": remote.Git("rev-parse", "main")}
		if err := c.move(s, remote); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		p := s.PullRequests()[0]
		state, rest, _ := strings.Cut(c.want, " ")
		by, head, _ := strings.Cut(rest, " ")
		if p.State != state || p.Merged != (by != "") || p.MergedBy != by || p.Head != commits[head] || p.Merged && p.Merge != commits["old"] {
			t.Errorf("%s: got %+v", name, p)
		}
		if got := remote.Git("rev-parse", "refs/pull/1/head"); got != p.Head {
			t.Errorf("%s: refs/pull/1/head is %s", name, got)
		}
	}
}

func push(s *github.Server, remote *testkit.Remote, branch, to string) error {
	return s.Push("eve", branch, remote.Git("rev-parse", branch), remote.Git("rev-parse", to))
}

func TestAutoMerge(t *testing.T) {
	t.Parallel()
	s, remote := newServer(t, github.Options{RequiredChecks: []string{"x", "y"}, AllowAutoMerge: true}, "a", "b", "b2", "c")
	for _, branch := range []string{"a", "b", "b2", "c"} {
		n := open(t, s, branch)
		graphql(t, s, fmt.Sprintf(`{"query":"mutation($id:ID!,$m:PullRequestMergeMethod){enablePullRequestAutoMerge(input:{pullRequestId:$id,mergeMethod:$m}){pullRequest{number}}}","variables":{"id":"PR_%d","m":"SQUASH"}}`, n))
	}
	if err := s.SetDraft(1, "ada", true); err != nil { // which ends its auto-merge
		t.Fatal(err)
	}
	for i, branch := range []string{"a", "b", "b2"} {
		s.SetStatus(remote.Git("rev-parse", branch), "x", "success")
		if p := s.PullRequests()[i]; p.Merged {
			t.Errorf("%s is merged without y", branch)
		}
		s.SetCheckRun(remote.Git("rev-parse", branch), "y", "neutral")
	}
	var merged []string
	for _, p := range s.PullRequests() {
		merged = append(merged, fmt.Sprint(p.Branch, p.Merged, p.AutoMerge))
	}
	if !slices.Equal(merged, []string{"afalse", "btrue", "b2falsesquash", "cfalsesquash"}) {
		t.Errorf("got %v", merged)
	}
}

func graphql(t testing.TB, s *github.Server, body string) string {
	t.Helper()
	return request(t, s, http.MethodPost, s.URL+"/api/graphql", body)
}

func request(t testing.TB, s *github.Server, method, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "token "+s.Token)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(response.StatusCode, " ", string(answer))
}

// recorder is a test that remembers its errors.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// What GitHub would refuse, or leave out in silence, fails the test that does it.
func TestViolations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ method, path, body, want string }{
		"fine":              {"GET", "/api/v3/repos/org/platform/pulls?state=all", "", ""},
		"of another":        {"GET", "/api/v3/repos/org/other/pulls", "", ""},
		"no operation":      {"GET", "/api/v3/repos/org/platform/nothing", "", "is no operation of openapi.json"},
		"wrong method":      {"PUT", "/api/v3/repos/org/platform/pulls", "{}", "is no operation"},
		"query value":       {"GET", "/api/v3/repos/org/platform/pulls?state=merged", "", `parameter "state" in query`},
		"query name":        {"GET", "/api/v3/repos/org/platform/pulls?stat=open", "", `no query parameter "stat"`},
		"missing field":     {"POST", "/api/v3/repos/org/platform/pulls", `{"title":"t","head":"a"}`, `"base" is missing`},
		"field type":        {"POST", "/api/v3/repos/org/platform/pulls", `{"title":1,"head":"a","base":"main"}`, "/title: value must be a string"},
		"field name":        {"POST", "/api/v3/repos/org/platform/pulls", `{"title":"t","head":"a","base":"main","drafty":true}`, `has no field "drafty"`},
		"enum":              {"PUT", "/api/v3/repos/org/platform/pulls/1/merge", `{"merge_method":"octopus"}`, "/merge_method: value is not one of the allowed values"},
		"number":            {"GET", "/api/v3/repos/org/platform/pulls/one", "", `parameter "pull_number" in path`},
		"mutation":          {"POST", "/api/graphql", `{"query":"mutation($id:ID!){closePullRequest(input:{pullRequestId:$id}){clientMutationId}}","variables":{"id":"PR_1"}}`, "no mutation closePullRequest"},
		"mutation's input":  {"POST", "/api/graphql", `{"query":"mutation($id:ID!){convertPullRequestToDraft(input:{id:$id}){clientMutationId}}","variables":{"id":"PR_1"}}`, "takes no id"},
		"variable's type":   {"POST", "/api/graphql", `{"query":"mutation($id:String!){convertPullRequestToDraft(input:{pullRequestId:$id}){clientMutationId}}","variables":{"id":"PR_1"}}`, `of type "String!"`},
		"variable missing":  {"POST", "/api/graphql", `{"query":"mutation($id:ID!){convertPullRequestToDraft(input:{pullRequestId:$id}){clientMutationId}}","variables":{}}`, "was given <nil>"},
		"variable too many": {"POST", "/api/graphql", `{"query":"mutation($id:ID!){convertPullRequestToDraft(input:{pullRequestId:$id}){clientMutationId}}","variables":{"id":"PR_1","x":"y"}}`, "variable x is not declared"},
		"merge method":      {"POST", "/api/graphql", `{"query":"mutation($id:ID!,$m:PullRequestMergeMethod){enablePullRequestAutoMerge(input:{pullRequestId:$id,mergeMethod:$m}){pullRequest{number}}}","variables":{"id":"PR_1","m":"squash"}}`, `merge method "squash"`},
	} {
		r := &recorder{TB: t}
		s, _ := newServer(r, github.Options{}, "a")
		open(t, s, "a")
		answer := request(t, s, c.method, s.URL+c.path, c.body)
		if got := strings.Join(r.errors, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) || c.want != "" && len(r.errors) != 1 {
			t.Errorf("%s: got %q, answer %s", name, got, answer)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s, remote := newServer(t, github.Options{}, "a")
	head := remote.Git("rev-parse", "a")
	for n := range 65 {
		if _, err := s.OpenFork("eve", "t", "eve/fork", fmt.Sprint(n), head, "main"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		query          string
		n              int
		next, previous string // pages
	}{{"", 30, "2", ""}, {"?page=3", 5, "", "2"}, {"?per_page=100", 65, "", ""}, {"?per_page=33&page=2", 32, "", "1"}, {"?page=9", 0, "", "8"}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.APIURL+"/repos/org/platform/pulls"+c.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.Token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		response.Body.Close()
		link := response.Header.Get("Link")
		if n := strings.Count(string(answer), `"number":`); n != c.n || !hasPage(link, "next", c.next) || !hasPage(link, "prev", c.previous) {
			t.Errorf("%q: %d, link %s", c.query, n, link)
		}
	}
}

func hasPage(link, relation, page string) bool {
	for _, part := range strings.Split(link, ", ") {
		if strings.HasSuffix(part, `rel="`+relation+`"`) {
			return page != "" && strings.Contains(part, "page="+page)
		}
	}
	return page == ""
}

func TestLag(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, github.Options{}, "a", "b", "c")
	s.Lag(2)
	for i, branch := range []string{"a", "b", "c"} {
		open(t, s, branch)
		list := request(t, s, http.MethodGet, s.APIURL+"/repos/org/platform/pulls", "")
		if n := strings.Count(list, `"number":`); n != max(0, i-1) {
			t.Errorf("after %d: %d", i+1, n)
		}
		if one := request(t, s, http.MethodGet, fmt.Sprint(s.APIURL, "/repos/org/platform/pulls/", i+1), ""); !strings.HasPrefix(one, "200 ") {
			t.Errorf("got %s", one)
		}
	}
	s.Lag(0)
	if n := strings.Count(request(t, s, http.MethodGet, s.APIURL+"/repos/org/platform/pulls", ""), `"number":`); n != 3 {
		t.Errorf("got %d", n)
	}
}

func TestWho(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, github.Options{Users: map[string]string{"t-eve": "eve"}}, "a")
	for token, want := range map[string]string{s.Token: `"github-actions[bot]"`, "t-eve": `"eve"`, "wrong": "401 "} {
		app := s.Token
		s.Token = token
		if got := graphql(t, s, `{"query":"{viewer{login databaseId}}"}`); !strings.Contains(got, want) {
			t.Errorf("%s is %s", token, got)
		}
		s.Token = app
	}
}
