package git_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// stream writes the input of git fast-import.
type stream struct {
	strings.Builder
	marks int
}

// commit adds a commit with some files changed, dated in minutes after the first one, and returns its mark.
func (s *stream) commit(ref string, minute int, message string, parents []string, files map[string]string) string {
	s.marks++
	mark := fmt.Sprint(":", s.marks)
	fmt.Fprintf(s, "commit %s\nmark %s\ncommitter Ada <ada@example.com> %d +0000\ndata %d\n%s\n",
		ref, mark, testkit.Epoch.Unix()+60*int64(minute), len(message), message)
	for i, parent := range parents {
		fmt.Fprintf(s, "%s %s\n", []string{"from", "merge", "merge", "merge"}[i], parent)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(s, "M 100644 inline %s\ndata %d\n%s\n", name, len(files[name]), files[name])
	}
	return mark
}

// world is a remote whose main is long enough to be fetched in several strides, and clones from before its newest commits. main goes c0, c1, …;
// c40 merges a branch of s0, s1 and s2, which left it at c30 and alone brought state/side. other left it at c60.
type world struct {
	remote       *testkit.Remote
	id           map[string]string // of commits by subject
	first, files map[string]string // of c0 and of main
	subjects     map[string]string // of the commits that changed a path, as git log lists them
	last         map[string]string // the newest of them on the first-parent line
	clones       map[string]string // folders by kind; "" for none
}

// kinds are the kinds of clones, "none" for none.
var kinds = []string{"none", "shallow", "partial", "complete"}

const (
	worldLength = 70
	worldPast   = 55 // where main was when the clones were made
)

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{remote: testkit.NewRemote(t), id: map[string]string{}, subjects: map[string]string{}, last: map[string]string{}}
	marks := map[string]string{}
	var s stream
	add := func(ref, subject string, minute int, files map[string]string, parents ...string) {
		for i, parent := range parents {
			parents[i] = marks[parent]
		}
		marks[subject] = s.commit("refs/heads/"+ref, minute, subject, parents, files)
	}
	for i := range worldLength {
		subject := fmt.Sprint("c", i)
		switch i {
		case 0:
			add("main", subject, i, worldFiles())
		case 40:
			add("main", subject, i, map[string]string{"state/side": "2"}, "c39", "s2")
		default:
			add("main", subject, i, worldChange(i), fmt.Sprint("c", i-1))
		}
		if i == 30 {
			for k, parent := range []string{"c30", "s0", "s1"} {
				add("side", fmt.Sprint("s", k), 31+k, map[string]string{"state/side": fmt.Sprint(k)}, parent)
			}
		}
	}
	add("other", "o0", 61, map[string]string{"other": "0"}, "c60")
	add("other", "o1", 62, map[string]string{"other": "1"}, "o0")
	fmt.Fprintf(&s, "tag v1\nfrom %s\ntagger Ada <ada@example.com> %d +0000\ndata 2\nv1\n", marks["c10"], testkit.Epoch.Unix())
	ids := w.remote.Import(s.String())
	for subject, mark := range marks {
		w.id[subject] = ids[mark]
	}
	for _, transport := range []string{"http", "file", "ssh"} {
		for _, kind := range kinds {
			w.remote.Git("update-ref", git.BranchRef(transport+"-"+kind), "main")
		}
	}
	w.remote.Git("repack", "-adq")
	w.first, w.files = w.remote.Files(w.id["c0"], "."), w.remote.Files("main", ".")
	for _, path := range []string{"state/dev/a", "state/side"} {
		w.subjects[path] = strings.ReplaceAll(w.remote.Git("log", "--first-parent", "--format=%s", "main", "--", path), "\n", " ")
		w.last[path] = w.remote.Git("log", "-1", "--first-parent", "--format=%s", "main", "--", path)
	}
	past := w.remote.Fork(t, "")
	past.Git("update-ref", "refs/heads/main", w.id[fmt.Sprint("c", worldPast)])
	w.clones = map[string]string{
		"none": "", "shallow": past.Clone(t, "--depth=1").Dir, "partial": past.Clone(t, "--filter=blob:none", "--no-checkout").Dir,
		"complete": past.Clone(t).Dir,
	}
	return w
}

// worldFiles are the files of c0.
func worldFiles() map[string]string {
	files := map[string]string{"platform.yaml": "kind: Platform\n", "state/dev/a/release.yaml": "0", "state/prod/b/release.yaml": "0"}
	for i := range 2 {
		folder := fmt.Sprintf("services/s%d/", i)
		files[folder+"catalog-info.yaml"] = fmt.Sprintf("name: s%d\n", i)
		for _, name := range []string{"kustomization", "deployment", "service"} {
			files[folder+"deploy/"+name+".yaml"] = fmt.Sprintf("%s of %d\n", name, i)
		}
	}
	return files
}

// worldChange is what commit ci changed.
func worldChange(i int) map[string]string {
	files := map[string]string{fmt.Sprint("docs/n", i%5): fmt.Sprint(i)}
	if i%7 == 0 {
		files["state/dev/a/release.yaml"] = fmt.Sprint(i)
	}
	if i%11 == 0 {
		files["state/prod/b/release.yaml"] = fmt.Sprint(i)
	}
	return files
}

// at opens the remote at an address by itself, or as the remote of one of the clones.
func (w *world) at(address, kind string) func(*git.Options) {
	return func(o *git.Options) {
		o.Dir, o.Remote = w.clones[kind], address
		if kind == "none" {
			o.URL, o.Remote = address, ""
		}
	}
}
