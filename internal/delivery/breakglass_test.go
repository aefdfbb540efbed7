package delivery_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/testkit"
	"github.com/org/platform/internal/testkit/github"
)

// Gates are skipped by a member of a team that may, who put the label on the open pull request of the promotion, and by nobody else.
func TestBreakGlass(t *testing.T) {
	t.Parallel()
	origin := gated(t, gatedYAML, "a")
	const number, label = 1, "emergency"
	for name, c := range map[string]struct {
		do   func(s *github.Server) error
		want string
	}{
		"no label":                  {func(*github.Server) error { return nil }, ""},
		"a member's label":          {func(s *github.Server) error { return s.Label(number, "ada", label) }, "ada"},
		"a stranger's label":        {func(s *github.Server) error { return s.Label(number, "mallory", label) }, ""},
		"of one who has not joined": {func(s *github.Server) error { return s.Label(number, "grace", label) }, ""},
		"another label":             {func(s *github.Server) error { return s.Label(number, "ada", "urgent") }, ""},
		"taken off again": {func(s *github.Server) error {
			if err := s.Label(number, "ada", label); err != nil {
				return err
			}
			return s.Unlabel(number, "ada", label)
		}, ""},
		"put on again by a stranger": {func(s *github.Server) error {
			for _, do := range []func() error{
				func() error { return s.Label(number, "ada", label) }, func() error { return s.Unlabel(number, "ada", label) },
				func() error { return s.Label(number, "mallory", label) }} {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		}, ""},
		"of a pull request that is closed": {func(s *github.Server) error {
			if err := s.Label(number, "ada", label); err != nil {
				return err
			}
			return s.Close(number, "ada")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := origin.copy(t)
			server := github.New(t, f.remote, github.Options{Users: map[string]string{"t-ada": "ada"}, Teams: map[string][]string{"org/sre": {"ada", "grace:pending"}}})
			if _, err := server.Open("ada", "Promote", "", "promote/prod/a", "main"); err != nil {
				t.Fatal(err)
			}
			if err := c.do(server); err != nil {
				t.Fatal(err)
			}
			d := withoutClone(t, f.remote.URL())
			var err error
			d.Forge, err = forge.New(forge.Options{APIURL: server.APIURL, Token: server.Token, Repository: "org/platform", HTTP: &http.Client{},
				Now: d.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Notice: func(string, ...any) {}})
			if err != nil {
				t.Fatal(err)
			}
			k := state.Key{Environment: "prod", Component: "a"}
			if by, err := d.BreakGlass(t.Context(), k); err != nil || by != c.want {
				t.Errorf("got %q, %v, want %q", by, err, c.want)
			}
			d.Platform.Spec.BreakGlass.Teams = nil
			if by, err := d.BreakGlass(t.Context(), k); err != nil || by != "" {
				t.Errorf("without teams: %q, %v", by, err)
			}
		})
	}
}

// A forge that does not answer is no answer.
func TestBreakGlassOfAForgeThatIsDown(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a")
	server := github.New(t, f.remote, github.Options{Teams: map[string][]string{"org/sre": {"ada"}}, Now: func() time.Time { return testkit.Epoch }})
	if _, err := server.Open("ada", "Promote", "", "promote/prod/a", "main"); err != nil {
		t.Fatal(err)
	}
	if err := server.Label(1, "ada", "emergency"); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for n := 1; n == 1 || asked >= n; n++ {
		asked = 0
		server.Fault(func(*http.Request, int) github.Fault {
			if asked++; asked >= n {
				return github.ServerError
			}
			return github.None
		})
		d, now := withoutClone(t, f.remote.URL()), testkit.Epoch
		var err error
		d.Forge, err = forge.New(forge.Options{APIURL: server.APIURL, Token: server.Token, Repository: "org/platform", HTTP: &http.Client{},
			Now: func() time.Time { return now }, Notice: func(string, ...any) {},
			Sleep: func(ctx context.Context, wait time.Duration) error { now = now.Add(wait); return ctx.Err() }})
		if err != nil {
			t.Fatal(err)
		}
		by, err := d.BreakGlass(t.Context(), state.Key{Environment: "prod", Component: "a"})
		if asked >= n && (err == nil || by != "") {
			t.Errorf("question %d was refused: got %q, %v", n, by, err)
		}
	}
}
