package forge_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/forge"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

func TestCreateDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{})
	n := deployment(w)
	w.github.SetStatus(n.SHA, "lint", "failure") // nothing is required of it
	n.Description = strings.Repeat("ü", 200)
	made, err := w.CreateDeployment(t.Context(), n)
	want := forge.Deployment{ID: made.ID, Environment: "b1", SHA: n.SHA, Ref: n.SHA, Task: "deploy", Description: strings.Repeat("ü", 139) + "…", Payload: "{}", Created: now, State: "success"}
	if diff := cmp.Diff(want, made); err != nil || diff != "" {
		t.Fatalf("%v, -want +got:\n%s", err, diff)
	}
	is := w.github.Deployments()[0]
	if s := is.Statuses[0]; !is.Production || s.EnvironmentURL != n.EnvironmentURL || s.LogURL != n.LogURL || s.Description != want.Description {
		t.Errorf("got %+v", is)
	}
	if state, err := w.DeploymentState(t.Context(), made.ID); err != nil || state != "success" {
		t.Errorf("got %q, %v", state, err)
	}
	w.github.SetDeploymentState(made.ID, "failure")
	if state, err := w.DeploymentState(t.Context(), made.ID); err != nil || state != "failure" {
		t.Errorf("got %q, %v", state, err)
	}
	n.State, n.SHA = "", w.remote.Git("rev-parse", "b1")
	stateless, err := w.CreateDeployment(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	if state, err := w.DeploymentState(t.Context(), stateless.ID); err != nil || state != "" {
		t.Errorf("got %q, %v", state, err)
	}
	if _, err := w.DeploymentState(t.Context(), 7); err == nil || !strings.Contains(err.Error(), "give the job `permissions: {deployments: read}`") {
		t.Errorf("got %v", err)
	}
	n.SHA = strings.Repeat("0", 40)
	if _, err := w.CreateDeployment(t.Context(), n); err == nil || !strings.Contains(err.Error(), "No ref found") {
		t.Errorf("got %v", err)
	}
}

// A record of long ago is not taken for the one whose answer was lost.
func TestCreateDeploymentAgain(t *testing.T) {
	t.Parallel()
	clock := now.Add(-time.Hour)
	w := newWorld(t, fakegithub.Options{Now: func() time.Time { return clock }})
	first, err := w.CreateDeployment(t.Context(), deployment(w))
	if err != nil {
		t.Fatal(err)
	}
	clock = now
	w.github.Fault(func(_ *http.Request, n int) fakegithub.Fault {
		if n == 0 {
			return fakegithub.CutBefore
		}
		return fakegithub.None
	})
	if second, err := w.CreateDeployment(t.Context(), deployment(w)); err != nil || second.ID == first.ID || len(w.github.Deployments()) != 2 {
		t.Errorf("got %+v, %v", second, err)
	}
}

func TestDeployments(t *testing.T) {
	t.Parallel()
	clock := now
	w := newWorld(t, fakegithub.Options{Now: func() time.Time { return clock }})
	n := deployment(w)
	n.State = ""
	for i := range 250 {
		clock = now.Add(time.Duration(i) * time.Minute)
		n.Environment, n.Description = fmt.Sprint("e", i%2), fmt.Sprint(i)
		if _, err := w.CreateDeployment(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	numbers := func(environment, sha string, since time.Time) (list []string) {
		t.Helper()
		got, err := w.Deployments(t.Context(), environment, sha, since)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range got {
			list = append(list, d.Description)
		}
		return list
	}
	w.github.Requests()
	for _, c := range []struct {
		environment, sha string
		since            time.Time
		first, last      string
		n, requests      int
	}{
		{"", "", time.Time{}, "249", "0", 250, 3},
		{"e1", "", time.Time{}, "249", "1", 125, 2},
		{"", "", now.Add(248 * time.Minute), "249", "248", 2, 1},
		{"e0", n.SHA, now.Add(200 * time.Minute), "248", "200", 25, 1},
		{"", "", now.Add(150 * time.Minute), "249", "150", 100, 2}, // the next page might have more
	} {
		got := numbers(c.environment, c.sha, c.since)
		if requests := len(w.github.Requests()); len(got) != c.n || got[0] != c.first || got[len(got)-1] != c.last || requests != c.requests {
			t.Errorf("%+v: got %d from %s, %d requests", c, len(got), got[0], requests)
		}
	}
	if got := numbers("e1", w.remote.Git("rev-parse", "b1"), time.Time{}); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestInTeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{Teams: map[string][]string{"org/sre": {"ada", "eve:pending"}}})
	for user, want := range map[string]bool{"ada": true, "Ada": true, "eve": false, "mallory": false, "x/../y": false} {
		if got, err := w.InTeam(t.Context(), "org", "sre", user); err != nil || got != want {
			t.Errorf("%s: got %v, %v", user, got, err)
		}
	}
	if got, err := w.InTeam(t.Context(), "org", "gone", "ada"); got || err == nil || !strings.Contains(err.Error(), "`members: read`; the token of a job sees no teams") {
		t.Errorf("got %v, %v", got, err)
	}
	w.github.Fault(func(r *http.Request, _ int) fakegithub.Fault {
		if strings.Contains(r.URL.Path, "/memberships/") {
			return fakegithub.ServerError
		}
		return fakegithub.None
	})
	if got, err := w.InTeam(t.Context(), "org", "sre", "ada"); got || err == nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{App: "promoter[bot]"})
	for range 2 {
		if login, err := w.Login(t.Context()); err != nil || login != "promoter[bot]" {
			t.Errorf("got %q, %v", login, err)
		}
	}
	if requests := w.github.Requests(); !slices.Equal(requests, []string{"GRAPHQL viewer"}) {
		t.Errorf("requests %v", requests)
	}
}

// A list that did not change is not sent again, and one that did is.
func TestETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{})
	w.open(t, "b1", false)
	counter := &statuses{next: http.DefaultTransport}
	f, err := forge.New(forge.Options{APIURL: w.github.APIURL, Token: token, Repository: "org/app", HTTP: &http.Client{Transport: counter}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 1, 2, 2} {
		if i == 2 {
			w.open(t, "b2", false)
		}
		list, err := f.OpenPullRequests(t.Context(), "main")
		if err != nil || len(list) != want || list[0].Title != "promote b1" || f.Requests() != i+1 {
			t.Errorf("%d: got %v, %v, %d requests", i, list, err, f.Requests())
		}
	}
	if !slices.Equal(counter.seen, []int{200, 304, 200, 304}) {
		t.Errorf("answers %v", counter.seen)
	}
}

type statuses struct {
	next http.RoundTripper
	seen []int
}

func (s *statuses) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if err == nil {
		s.seen = append(s.seen, response.StatusCode)
	}
	return response, err
}
