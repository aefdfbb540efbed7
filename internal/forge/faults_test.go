package forge_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/forge"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// call is a verb, what has to be there before it, and whether it was done, once.
type call struct {
	before func(*testing.T, *world)
	do     func(*testing.T, *world, *forge.Forge) error
	done   func(*testing.T, *world) string // empty: yes
}

func opened(t *testing.T, w *world)  { w.open(t, w.branch, false) }
func drafted(t *testing.T, w *world) { w.open(t, w.branch, true) }

// must says what is not so.
func must(so bool, format string, args ...any) string {
	if so {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

func writes() map[string]call {
	pr := func(w *world) forge.PullRequest {
		return forge.PullRequest{Number: w.number, NodeID: fmt.Sprint("PR_", w.number)}
	}
	return map[string]call{
		"create": {nil, func(t *testing.T, w *world, f *forge.Forge) error {
			w.number++
			pr, created, err := f.CreatePullRequest(t.Context(), forge.NewPullRequest{Title: "t", Body: "b", Branch: w.branch, Base: "main", Draft: true})
			return errors.Join(err, refuse(!created || pr.Number != w.number || !pr.Draft, "created %v %+v", created, pr))
		}, func(t *testing.T, w *world) string { return must(w.the(t).State == "open", "it is closed") }},
		"edit": {opened, func(t *testing.T, w *world, f *forge.Forge) error {
			return f.EditPullRequest(t.Context(), w.number, "new", "text")
		},
			func(t *testing.T, w *world) string {
				return must(w.the(t).Title == "new" && w.the(t).Body == "text", "it is as before")
			}},
		"close": {opened, func(t *testing.T, w *world, f *forge.Forge) error { return f.ClosePullRequest(t.Context(), w.number) },
			func(t *testing.T, w *world) string {
				return must(w.the(t).State == "closed" && !w.the(t).Merged, "%+v", w.the(t))
			}},
		"draft": {opened, func(t *testing.T, w *world, f *forge.Forge) error { return f.SetDraft(t.Context(), pr(w), true) },
			func(t *testing.T, w *world) string { return must(w.the(t).Draft, "it is ready") }},
		"ready": {drafted, func(t *testing.T, w *world, f *forge.Forge) error { return f.SetDraft(t.Context(), pr(w), false) },
			func(t *testing.T, w *world) string { return must(!w.the(t).Draft, "it is a draft") }},
		"label": {opened, func(t *testing.T, w *world, f *forge.Forge) error {
			return f.AddLabels(t.Context(), w.number, "a", "b c")
		},
			func(t *testing.T, w *world) string {
				return must(slices.Equal(w.the(t).Labels, []string{"a", "b c"}), "labels %v", w.the(t).Labels)
			}},
		"unlabel": {func(t *testing.T, w *world) { opened(t, w); _ = w.github.Label(w.number, "ada", "a b/c") },
			func(t *testing.T, w *world, f *forge.Forge) error {
				return f.RemoveLabel(t.Context(), w.number, "a b/c")
			},
			func(t *testing.T, w *world) string {
				return must(len(w.the(t).Labels) == 0, "labels %v", w.the(t).Labels)
			}},
		"reviewers": {opened, func(t *testing.T, w *world, f *forge.Forge) error {
			return f.RequestReviewers(t.Context(), w.number, []string{"ada"}, nil)
		},
			func(t *testing.T, w *world) string {
				return must(slices.Equal(w.the(t).Reviewers, []string{"ada"}), "%v", w.the(t).Reviewers)
			}},
		"auto-merge": {opened, func(t *testing.T, w *world, f *forge.Forge) error {
			return f.EnableAutoMerge(t.Context(), pr(w), "squash")
		},
			func(t *testing.T, w *world) string { return must(w.the(t).AutoMerge == "squash", "%+v", w.the(t)) }},
		"no auto-merge": {func(t *testing.T, w *world) {
			opened(t, w)
			if err := w.EnableAutoMerge(t.Context(), pr(w), "merge"); err != nil {
				t.Fatal(err)
			}
		}, func(t *testing.T, w *world, f *forge.Forge) error { return f.DisableAutoMerge(t.Context(), pr(w)) },
			func(t *testing.T, w *world) string { return must(w.the(t).AutoMerge == "", "%+v", w.the(t)) }},
		"merge": {func(t *testing.T, w *world) { opened(t, w); w.github.SetStatus(w.the(t).Head, "gate", "success") },
			func(t *testing.T, w *world, f *forge.Forge) error {
				commit, err := f.MergePullRequest(t.Context(), w.number, w.remote.Git("rev-parse", w.branch), "squash", "title", "message")
				main := w.remote.Git("rev-parse", "main")
				return errors.Join(err, refuse(commit != main, "commit %s, main is %s", commit, main))
			}, func(t *testing.T, w *world) string {
				log := w.remote.Log("main")
				return must(len(log) == 1+w.number && log[0] == "title", "log %v", log)
			}},
		"deployment": {nil, func(t *testing.T, w *world, f *forge.Forge) error {
			d, err := f.CreateDeployment(t.Context(), deployment(w))
			return errors.Join(err, refuse(d.ID == 0 || d.State != "success" || d.Environment != w.branch, "got %+v", d))
		}, func(t *testing.T, w *world) string {
			all := slices.DeleteFunc(w.github.Deployments(), func(d fakegithub.Deployment) bool { return d.Environment != w.branch })
			return must(len(all) == 1 && len(all[0].Statuses) == 1 && all[0].State() == "success", "%+v", all)
		}},
		"comment": {opened, func(t *testing.T, w *world, f *forge.Forge) error {
			_, err := f.Sticky(t.Context(), w.number, marker, "text")
			return err
		}, func(t *testing.T, w *world) string {
			all := w.github.Comments(w.number)
			return must(len(all) == 1 && strings.HasSuffix(all[0].Body, "text"), "%+v", all)
		}},
		"check run": {nil, func(t *testing.T, w *world, f *forge.Forge) error {
			c := check(failures(60))
			c.HeadSHA = w.remote.Git("rev-parse", w.branch)
			return f.CheckRun(t.Context(), c)
		}, func(t *testing.T, w *world) string {
			states, err := w.CommitChecks(t.Context(), w.remote.Git("rev-parse", w.branch))
			return must(err == nil && len(states) == 1 && states["policy-check"] == forge.CheckFailure, "%v, %v", states, err)
		}},
	}
}

func refuse(so bool, format string, args ...any) error {
	if so {
		return fmt.Errorf(format, args...)
	}
	return nil
}

func deployment(w *world) forge.NewDeployment {
	return forge.NewDeployment{Environment: w.branch, SHA: w.remote.Git("rev-parse", "main"), Description: "shop 1", Payload: "{}",
		EnvironmentURL: "https://shop.example.com", LogURL: "https://ci.example.com/1", Production: true, State: "success"}
}

// Whatever goes wrong at whatever request of a call, the call is made good and its work done once.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range writes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, branch := newWorld(t, fakegithub.Options{AllowAutoMerge: true, RequiredChecks: []string{"gate"}}), 0
			for _, fault := range append([]fakegithub.Fault{fakegithub.None}, fakegithub.Faults...) {
				for at := range 3 {
					branch++
					w.branch, w.waited = fmt.Sprint("b", branch), nil
					if reached := w.suffer(t, c, fault, at); !reached || fault == fakegithub.None || t.Failed() {
						break
					}
				}
			}
		})
	}
}

// suffer makes a call with a fault at one of its requests, and says whether it had so many.
func (w *world) suffer(t *testing.T, c call, fault fakegithub.Fault, at int) (reached bool) {
	t.Helper()
	if c.before != nil {
		c.before(t, w)
	}
	f, free := w.forge(t), fault == fakegithub.None
	w.github.Fault(func(r *http.Request, n int) fakegithub.Fault {
		if n != at {
			return fakegithub.None
		}
		reached = true
		if fault == fakegithub.Hang {
			w.hung <- struct{}{}
		}
		free = free || r.Method == http.MethodGet && (fault == fakegithub.CutBefore || fault == fakegithub.CutAfter) // net/http repeats it by itself
		return fault
	})
	if err := c.do(t, w, f); err != nil {
		t.Errorf("fault %d of request %d: %v", fault, at, err)
	}
	w.github.Fault(nil)
	if not := c.done(t, w); not != "" {
		t.Errorf("fault %d of request %d: %s", fault, at, not)
	}
	if reached && !free && len(w.waited) == 0 {
		t.Errorf("fault %d of request %d: the call did not wait", fault, at)
	}
	return reached
}

// A call that is made twice has done its work once.
func TestTwice(t *testing.T) {
	t.Parallel()
	for name, c := range writes() {
		if name == "create" || name == "deployment" {
			continue // whether the second is a new one is the answer, or the caller's to know
		}
		w := newWorld(t, fakegithub.Options{AllowAutoMerge: true, RequiredChecks: []string{"gate"}})
		if c.before != nil {
			c.before(t, w)
		}
		if err := errors.Join(c.do(t, w, w.Forge), c.do(t, w, w.Forge)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if not := c.done(t, w); not != "" {
			t.Errorf("%s: %s", name, not)
		}
	}
}
