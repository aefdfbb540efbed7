package git

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"pgregory.net/rapid"
)

// race is several writers of one branch, of which one moves at a time, as the drawing decides: each adds its line to a file, so that a lost update is a
// missing line and a duplicate one that is there twice. A person may force the branch to what it was before.
type race struct {
	rapid.TB
	t        testing.TB
	draw     *rapid.T
	remote   *fake
	now      time.Time
	next     string // what befalls the next push
	late     []func() error
	accepted map[Hash]bool // commits of writers
	history  []Hash        // values of the branch
	forced   bool
	people   int
}

const raceBranch = "refs/heads/main"

// writer is one Update under way, which stops before every push and every wait.
type writer struct {
	name      string
	step      func() (struct{}, bool)
	stop      func()
	done      bool
	commit    *Commit
	err       error
	attempts  int
	uncertain int // pushes without an answer
	began     time.Time
}

var errStopped = errors.New("the test is over")

func (r *race) start(t *testing.T, name string, budget time.Duration) *writer {
	w := &writer{name: name, began: r.now}
	w.step, w.stop = iter.Pull(func(yield func(struct{}) bool) {
		pause := func() error {
			if !yield(struct{}{}) {
				return errStopped
			}
			return nil
		}
		repo := r.remote.open(t, func(o *Options) {
			o.Budget = budget
			o.Now = func() time.Time { return r.now }
			o.Sleep = func(_ context.Context, d time.Duration) error {
				r.now = r.now.Add(d)
				return pause()
			}
		})
		w.commit, w.err = repo.Update(t.Context(), "main", func(_ context.Context, tip *Commit) (*Change, error) {
			w.attempts++
			log, err := readLog(repo, tip)
			if err != nil {
				return nil, err
			}
			if err := pause(); err != nil {
				return nil, err
			}
			return &Change{Edit: Edit{"log/lines": {File: []byte(log + name + "\n")}, "by/" + name: {File: []byte(name)}}, Message: name}, nil
		})
		w.done = true
	})
	return w
}

func readLog(repo *Repository, tip *Commit) (string, error) {
	if tip == nil {
		return "", nil
	}
	log, err := repo.Tree(tip.TreeHash).ReadFile("log/lines")
	return string(log), err
}

// take is the server's side of a push.
func (r *race) take(w *writer) func(packp.Command, func() error) (string, error) {
	return func(c packp.Command, apply func() error) (string, error) {
		accept := func() error {
			err := apply()
			if err == nil {
				r.moved(c)
			}
			return err
		}
		what := r.next
		r.next = ""
		switch what {
		case "cut before":
			w.uncertain++
			return "", errors.New("connection reset")
		case "cut after":
			w.uncertain++
			_ = accept()
			return "", errors.New("bad gateway")
		case "late":
			w.uncertain++
			r.late = append(r.late, accept)
			return "", errors.New("gateway timeout")
		case "locked":
			return "cannot lock ref", nil
		}
		if accept() != nil {
			return "fetch first", nil
		}
		return "ok", nil
	}
}

// advance lets a writer go on to its next stop.
func (r *race) advance(w *writer) {
	r.remote.push = r.take(w)
	w.step()
}

// land has the remote take the oldest push that it was slow about.
func (r *race) land() {
	if len(r.late) > 0 {
		_ = r.late[0]() // it may have been overtaken
		r.late = r.late[1:]
	}
}

// moved checks what a writer did to the branch.
func (r *race) moved(c packp.Command) {
	commit, err := r.remote.open(r.t).Commit(c.New)
	if err != nil {
		r.Fatal(err)
	}
	var parents []Hash
	if c.Old != ZeroHash {
		parents = []Hash{c.Old}
	}
	if !slices.Equal(commit.Parents, parents) {
		r.Fatalf("%s was put on %s, the branch was at %s", commit.Subject(), commit.Parents, c.Old)
	}
	r.accepted[c.New] = true
	r.history = append(r.history, c.New)
	lines := strings.Fields(r.log())
	if slices.Sort(lines); len(slices.Compact(slices.Clone(lines))) != len(lines) {
		r.Fatalf("duplicates: %q", lines)
	}
}

func (r *race) log() string {
	repo := r.remote.open(r.t)
	tip, err := repo.LastTip(context.Background(), "main")
	if err != nil {
		r.Fatal(err)
	}
	log, err := readLog(repo, tip)
	if err != nil {
		r.Fatal(err)
	}
	return log
}

// person moves the branch as people do: on, or by force back to where it was.
func (r *race) person(force bool) {
	r.people++
	old := r.remote.refs[raceBranch]
	repo := r.remote.open(r.t)
	if force && len(r.history) > 0 {
		r.forced = true
		r.remote.refs[raceBranch] = rapid.SampledFrom(r.history).Draw(r.draw, "back to")
		return
	}
	if old == ZeroHash {
		return
	}
	tip, err := repo.LastTip(context.Background(), "main")
	if err != nil {
		r.Fatal(err)
	}
	blob := r.remote.blob(fmt.Sprint("person ", r.people))
	items := []item{{"100644", fmt.Sprint("person", r.people), blob}}
	for _, name := range []string{"by", "log"} {
		hash, err := repo.Tree(tip.TreeHash).EntryHash(name)
		if err != nil {
			r.Fatal(err)
		}
		items = append(items, item{"40000", name, hash})
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.name, b.name) })
	parents := []Hash{old}
	if len(r.history) > 1 && r.people%2 == 0 {
		parents = append(parents, r.history[0]) // a merge
	}
	h := r.remote.commit(r.remote.tree(items...), r.now.Unix(), fmt.Sprint("person ", r.people), parents...)
	r.remote.refs[raceBranch] = h
	r.history = append(r.history, h)
}

// TestRace draws interleavings of writers, people and a server that fails in every way.
func TestRace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := &race{TB: rt, t: t, draw: rt, remote: newFake(), now: time.Unix(1_800_000_000, 0), accepted: map[Hash]bool{}}
		budget := time.Duration(rapid.SampledFrom([]int{1, 5, 300}).Draw(rt, "budget")) * time.Second
		var writers []*writer
		for i := range rapid.IntRange(1, 5).Draw(rt, "writers") {
			w := r.start(t, fmt.Sprint("w", i), budget)
			defer w.stop()
			writers = append(writers, w)
		}
		for range rapid.IntRange(0, 60).Draw(rt, "steps") {
			switch event := rapid.SampledFrom([]string{"go", "go", "go", "go", "fail", "land", "person", "force", "time"}).Draw(rt, "event"); event {
			case "go":
				if w := writers[rapid.IntRange(0, len(writers)-1).Draw(rt, "writer")]; !w.done {
					r.advance(w)
				}
			case "fail":
				r.next = rapid.SampledFrom([]string{"cut before", "cut after", "late", "locked"}).Draw(rt, "failure")
			case "land":
				r.land()
			case "time":
				r.now = r.now.Add(time.Second)
			default:
				r.person(event == "force")
			}
		}
		r.next = ""
		for range 10_000 {
			waiting := slices.DeleteFunc(slices.Clone(writers), func(w *writer) bool { return w.done })
			if len(waiting) == 0 {
				break
			}
			for _, w := range waiting {
				r.advance(w)
			}
		}
		r.judge(writers, budget)
	})
}

func (r *race) judge(writers []*writer, budget time.Duration) {
	lines := strings.Fields(r.log())
	for _, w := range writers {
		switch {
		case !w.done:
			r.Fatalf("%s never ended", w.name)
		case w.err == nil && (w.commit == nil || !r.accepted[w.commit.Hash]):
			r.Fatalf("%s returned %v, which the remote never took", w.name, w.commit)
		case w.err == nil && !r.forced && !slices.Contains(lines, w.name):
			r.Fatalf("the update of %s is lost: %q", w.name, lines)
		case w.err != nil && w.uncertain < readAttempts && !strings.Contains(w.err.Error(), "gave up after"):
			r.Fatalf("%s: %v", w.name, w.err)
		case w.err != nil && w.uncertain == 0 && slices.Contains(lines, w.name):
			r.Fatalf("%s says %v, and has written", w.name, w.err)
		case w.err != nil && w.uncertain == 0 && r.now.Sub(w.began) < budget:
			r.Fatalf("%s gave up early", w.name)
		}
	}
}

// TestLatePush has a remote take a push after the writer has looked for it in vain, and pushed again.
func TestLatePush(t *testing.T) {
	t.Parallel()
	r := &race{TB: t, t: t, remote: newFake(), now: time.Unix(1_800_000_000, 0), accepted: map[Hash]bool{}}
	w := r.start(t, "w", DefaultBudget)
	defer w.stop()
	r.advance(w) // to the first push
	r.next = "late"
	r.advance(w)                   // to the wait behind it
	r.now = r.now.Add(time.Second) // or it were the same commit
	r.advance(w)                   // to the second push
	r.next = "late"
	r.advance(w) // to the wait behind it
	r.land()
	for range 4 {
		r.advance(w)
	}
	r.judge([]*writer{w}, DefaultBudget)
	if w.err != nil || w.attempts != 2 || r.log() != "w\n" {
		t.Errorf("%d attempts came to %v, %v and %q", w.attempts, w.commit, w.err, r.log())
	}
}

// TestUncertainInARace loses more races than a push without an answer is tried again, and then has one.
func TestUncertainInARace(t *testing.T) {
	t.Parallel()
	r := &race{TB: t, t: t, remote: newFake(), now: time.Unix(1_800_000_000, 0), accepted: map[Hash]bool{}}
	w := r.start(t, "w", DefaultBudget)
	defer w.stop()
	for i := range 40 {
		r.next = "locked"
		if i > 20 {
			r.next = []string{"cut before", "cut after"}[i%2]
		}
		if !w.done {
			r.advance(w)
		}
	}
	r.judge([]*writer{w}, DefaultBudget)
	if w.err != nil || w.attempts < readAttempts || r.log() != "w\n" {
		t.Errorf("%d attempts came to %v, %v and %q", w.attempts, w.commit, w.err, r.log())
	}
}

// TestMissingObject has a branch whose tip is incomplete, for ever or until somebody moves it.
func TestMissingObject(t *testing.T) {
	t.Parallel()
	for _, moves := range []bool{false, true} {
		f := newFake()
		f.refs[raceBranch] = f.commit(f.tree(item{"40000", "lost", NewHash(strings.Repeat("1", 40))}), 1, "broken")
		calls := 0
		c, err := f.open(t).Update(t.Context(), "main", func(context.Context, *Commit) (*Change, error) {
			if calls++; moves && calls == 3 {
				f.refs[raceBranch] = f.commit(f.tree(), 2, "whole")
			}
			return &Change{Edit: Edit{"lost/file": {File: []byte("x")}}, Message: "message"}, nil
		})
		switch {
		case moves && (err != nil || c == nil || calls != 4):
			t.Errorf("%d attempts came to %v, %v", calls, c, err)
		case !moves && (err == nil || c != nil || calls != readAttempts || !strings.Contains(err.Error(), notOurRef)):
			t.Errorf("%d attempts came to %v, %v", calls, c, err)
		}
	}
}
