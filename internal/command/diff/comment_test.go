package diff

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/platform/internal/app"
)

// comments takes the comments of a pull request which has none yet.
func comments(t *testing.T, status int) (url string, bodies *[]string) {
	t.Helper()
	bodies = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch call := r.Method + " " + r.URL.Path; {
		case call == "GET /api/v3/repos/org/app/issues/7/comments":
			_, _ = io.WriteString(w, "[]")
		case call == "POST /api/v3/repos/org/app/issues/7/comments" && r.Header.Get("Authorization") == "Bearer s3cret":
			var sent struct{ Body string }
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
			*bodies = append(*bodies, sent.Body)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"message": "Resource not accessible by integration"}`)
		default:
			t.Errorf("%s with %s", call, r.Header.Get("Authorization"))
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/api/v3", bodies
}

const pullRequest = `{"number": 7, "pull_request": {"number": 7, "base": {"ref": "main"}}}`

func TestComment(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	clone := h.remote.Clone(t, "--branch=change")
	env := inWorkflow(t, "pull_request", pullRequest)
	summary := filepath.Join(t.TempDir(), "summary")
	url, bodies := comments(t, http.StatusCreated)
	for name, value := range map[string]string{"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "org/app", "INPUT_TOKEN": "s3cret", "INPUT_COMMENT": "true",
		"GITHUB_STEP_SUMMARY": summary} {
		env[name] = value
	}
	code, stdout, stderr := diffIn(t, clone.Dir, env)
	wants(t, "with a comment", code, stdout, stderr, h.first, h.change)
	if len(*bodies) != 1 || !strings.HasPrefix((*bodies)[0], "<!-- platform:diff -->\n**This reaches `prod` and `dev` of `hello`.**\n") ||
		!strings.Contains((*bodies)[0], "- data.value: old\n+ data.value: new\n") {
		t.Errorf("wrote %q", *bodies)
	}
	written, err := os.ReadFile(summary)
	if err != nil || !strings.HasPrefix(string(written), "### Diff\n\n**This reaches `prod` and `dev` of `hello`.**\n") {
		t.Errorf("summary %q, %v", written, err)
	}

	// A long one fits, and points to the summary.
	var objects strings.Builder
	for i := range 300 {
		fmt.Fprintf(&objects, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: object-%04d}\ndata: {value: %s}\n", i, strings.Repeat("x", 200))
	}
	h.author.Git("checkout", "-q", "change")
	h.author.Write(map[string]string{"services/hello/deploy/base/object.yaml": objects.String()})
	h.author.Commit("Much")
	env["GITHUB_SERVER_URL"], env["GITHUB_RUN_ID"] = "https://github.example", "42"
	code, stdout, stderr = diffIn(t, h.author.Dir, env)
	if code != 0 || len(*bodies) != 2 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if n := len((*bodies)[1]); n > 65_536 || n < 60_000 || !strings.Contains((*bodies)[1], "The full text is in the [step summary](https://github.example/org/app/actions/runs/42).") {
		t.Errorf("%d bytes: %s", n, (*bodies)[1][max(0, n-500):])
	}

	env["GITHUB_API_URL"], _ = comments(t, http.StatusForbidden)
	code, stdout, stderr = diffIn(t, clone.Dir, env)
	if code != app.ExitFailed || !strings.HasPrefix(stdout, "This reaches") || !strings.Contains(stderr, "pull-requests: write") || strings.Contains(strings.ReplaceAll(stderr, "::add-mask::s3cret\n", ""), "s3cret") {
		t.Errorf("refused: exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestCommentNeedsAPullRequestAndAToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() // nothing is looked at before
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"at a terminal": {nil, "Error: --comment writes to the pull request of a workflow, and this is none"},
		"push":          {inWorkflow(t, "push", `{}`), "the event push has none: run it on pull_request"},
		"no token":      {inWorkflow(t, "pull_request", pullRequest), "--comment needs a token which may write to pull requests"},
	} {
		code, _, stderr := diffIn(t, dir, c.env, "--comment")
		if code != app.ExitFailed || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, %s", name, code, stderr)
		}
	}
}
