package state_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

const root = "environments"

var key = state.Key{Environment: "dev", Component: "hello"}

func record(component, commit string) release.Record {
	r := release.New(component, release.Source{Commit: strings.Repeat(commit, 40), Path: "services/" + component}, nil)
	return release.NewRecord(r, "", manifests(component))
}

func manifests(component string) []byte {
	return []byte("kind: Deployment\nmetadata: {name: " + component + "}\n")
}

// branch is a state branch on which the cells of the given keys run a release.
func branch(keys ...state.Key) fstest.MapFS {
	files := fstest.MapFS{"platform.yaml": {Data: []byte("kind: Platform\n")}}
	for _, k := range keys {
		for name, content := range state.Files(record(k.Component, "a"), manifests(k.Component)) {
			files[state.Dir(root, k)+"/"+name] = &fstest.MapFile{Data: content}
		}
	}
	return files
}

func TestFiles(t *testing.T) {
	t.Parallel()
	r := record("hello", "a")
	want := map[string]string{
		"release.yaml":   string(r.Encode()),
		"manifests.yaml": string(manifests("hello")),
		"kustomization.yaml": "# Generated. Do not edit: deploy, promote and rollback write this file.\napiVersion: kustomize.config.k8s.io/v1beta1\n" +
			"kind: Kustomization\nresources:\n  - manifests.yaml\n",
	}
	got := map[string]string{}
	for name, content := range state.Files(r, manifests("hello")) {
		got[name] = string(content)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if dir := state.Dir(root, key); dir != "environments/dev/hello" {
		t.Errorf("got %s", dir)
	}
}

func TestReadCell(t *testing.T) {
	t.Parallel()
	cell, found, err := state.ReadCell(branch(key), root, key)
	if err != nil || !found {
		t.Fatalf("got %v, %v", found, err)
	}
	if diff := cmp.Diff(state.Cell{Key: key, Record: record("hello", "a")}, cell); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, absent := range []state.Key{{Environment: "dev", Component: "other"}, {Environment: "prod", Component: "hello"}} {
		if cell, found, err := state.ReadCell(branch(key), root, absent); found || err != nil || !cmp.Equal(cell, state.Cell{Key: absent}) {
			t.Errorf("%v: got %+v, %v, %v", absent, cell, found, err)
		}
	}
}

func TestDirtyCells(t *testing.T) {
	t.Parallel()
	const (
		dir = "environments/dev/hello/"
		fix = " (make the change in deploy/overlays of the component, and git revert this edit)"
	)
	remove := func(name string) func(fstest.MapFS) { return func(b fstest.MapFS) { delete(b, dir+name) } }
	write := func(name, content string) func(fstest.MapFS) {
		return func(b fstest.MapFS) { b[dir+name] = &fstest.MapFile{Data: []byte(content)} }
	}
	files := state.Files(record("hello", "a"), manifests("hello"))
	id := string(record("hello", "a").ID)
	for name, c := range map[string]struct {
		edit func(fstest.MapFS)
		want string
	}{
		"release missing":       {remove("release.yaml"), dir + "release.yaml: release.yaml is missing" + fix},
		"manifests missing":     {remove("manifests.yaml"), dir + "manifests.yaml: manifests.yaml is missing" + fix},
		"kustomization missing": {remove("kustomization.yaml"), dir + "kustomization.yaml: kustomization.yaml is missing" + fix},
		"extra file":            {write("patch.yaml", ""), dir + "patch.yaml: patch.yaml does not belong here: the folder holds exactly three generated files" + fix},
		"extra folder":          {write("more/a.yaml", ""), dir + "more: more does not belong here: the folder holds exactly three generated files" + fix},
		"symlink": {func(b fstest.MapFS) {
			b[dir+"manifests.yaml"] = &fstest.MapFile{Data: []byte("../other/manifests.yaml"), Mode: fs.ModeSymlink}
		},
			dir + "manifests.yaml: manifests.yaml does not belong here"},
		"manifests edited":     {write("manifests.yaml", string(manifests("hello"))+"# scaled\n"), dir + "manifests.yaml: manifests.yaml was edited by hand: its content is not what was rendered for " + id + fix},
		"line ends edited":     {write("manifests.yaml", strings.ReplaceAll(string(manifests("hello")), "\n", "\r\n")), dir + "manifests.yaml: manifests.yaml was edited by hand"},
		"kustomization edited": {write("kustomization.yaml", string(files["kustomization.yaml"])+"namespace: x\n"), dir + "kustomization.yaml: kustomization.yaml was edited by hand" + fix},
		"release edited": {write("release.yaml", strings.Replace(string(files["release.yaml"]), strings.Repeat("a", 40), strings.Repeat("b", 40), 1)),
			dir + "release.yaml:4:5: id \"" + id + "\" does not match the content"},
		"release empty":      {write("release.yaml", ""), dir + "release.yaml: the file is empty"},
		"of another release": {write("release.yaml", string(record("hello", "b").Encode())), ""},
		"of another component": {func(b fstest.MapFS) {
			for name, content := range state.Files(record("other", "a"), manifests("other")) {
				b[dir+name] = &fstest.MapFile{Data: content}
			}
		}, dir + `release.yaml: release.yaml is the release of "other", not of "hello"` + fix},
		"hold without a release": {write("../hello.hold.yaml", "apiVersion: platform/v1\nkind: Hold\nreason: x\n"),
			"environments/dev/hello.hold.yaml:1:1: not a Hold of platform/v1 which names a release (fix the file, or delete it to let every release in)"},
		"hold of something else": {write("../hello.hold.yaml", "kind: Other\nreleases: [r-1]\n"), "environments/dev/hello.hold.yaml:2:11: not a Hold"},
		"hold mistyped":          {write("../hello.hold.yaml", "apiVersion: platform/v1\nkind: Hold\nrelaeses: [r-1]\n"), `environments/dev/hello.hold.yaml:3:1: unknown field "relaeses" in the document (did you mean releases?)`},
		"hold until nobody knows": {write("../hello.hold.yaml", "apiVersion: platform/v1\nkind: Hold\nreleases: [r-1]\nexpires: 2026-12-24\n"),
			`environments/dev/hello.hold.yaml:4:10: expires: "2026-12-24" is not a time; write for example 2026-12-24T18:00:00Z`},
		"hold until a list": {write("../hello.hold.yaml", "apiVersion: platform/v1\nkind: Hold\nreleases: [r-1]\nexpires: [1]\n"),
			`environments/dev/hello.hold.yaml:4:10: expires: "" is not a time`},
		"hold empty": {write("../hello.hold.yaml", ""), "environments/dev/hello.hold.yaml: the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := branch(key)
			c.edit(b)
			for path, file := range b { // ../ in a table above
				if clean := strings.Replace(path, "/hello/../", "/", 1); clean != path {
					delete(b, path)
					b[clean] = file
				}
			}
			_, found, err := state.ReadCell(b, root, key)
			if c.want == "" {
				if err != nil || !found {
					t.Errorf("got %v, %v", found, err)
				}
				return
			}
			var problems finding.Problems
			if found || !errors.As(err, &problems) || !strings.HasPrefix(problems.Error(), c.want) {
				t.Errorf("got %v, %v\nwant %s", found, err, c.want)
			}
			// One bad cell must not hide the others.
			good := state.Key{Environment: "dev", Component: "good"}
			for path, file := range branch(good) {
				b[path] = file
			}
			s, err := state.Read(b, root, []string{"dev"})
			if err != nil || len(s.Cells) != 1 || s.Cells[good].Record.Component != "good" || len(s.Problems) != 1 || s.Problems[key] == nil {
				t.Errorf("got %+v, %v", s, err)
			}
		})
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	keys := []state.Key{key, {Environment: "dev", Component: "api"}, {Environment: "prod", Component: "hello"}, {Environment: "removed", Component: "hello"}}
	b := branch(keys...)
	b["environments/dev/README.md"] = &fstest.MapFile{}
	hold := state.Hold{Releases: []release.ID{"r-1"}, Reason: "not yet", By: "ann"}
	b["environments/dev/gone.hold.yaml"] = &fstest.MapFile{Data: hold.Encode()} // a hold may come before the first release
	b["environments/dev/late.hold.yaml"] = &fstest.MapFile{}
	s, err := state.Read(b, root, []string{"dev", "staging", "prod"})
	if err != nil {
		t.Fatal(err)
	}
	hold.APIVersion, hold.Kind = "platform/v1", "Hold"
	want := &state.State{Cells: map[state.Key]state.Cell{}, Holds: map[state.Key]*state.Hold{{Environment: "dev", Component: "gone"}: &hold},
		Problems: map[state.Key]finding.Problems{}}
	late := state.Key{Environment: "dev", Component: "late"}
	if s.Problems[late] == nil {
		t.Error("an empty hold goes unseen")
	}
	delete(s.Problems, late)
	for _, k := range keys[:3] { // an environment nobody asked for is not read
		want.Cells[k] = state.Cell{Key: k, Record: record(k.Component, "a")}
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s, err := state.Read(branch(), root, []string{"dev"}); err != nil || len(s.Cells)+len(s.Problems) > 0 {
		t.Errorf("a branch without state: got %+v, %v", s, err)
	}
}

// What cannot be read is not the same as what is not there.
func TestReadFails(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"environments/dev", "environments/dev/hello", "environments/dev/hello/release.yaml", "environments/dev/hello/manifests.yaml",
		"environments/dev/hello/kustomization.yaml", "environments/dev/hello.hold.yaml"} {
		b := branch(key)
		b["environments/dev/hello.hold.yaml"] = &fstest.MapFile{Data: state.Hold{Releases: []release.ID{"r-1"}}.Encode()}
		if s, err := state.Read(failing{b, file}, root, []string{"dev"}); !errors.Is(err, errBroken) {
			t.Errorf("%s: got %+v, %v", file, s, err)
		}
	}
}

var errBroken = errors.New("broken pipe")

// failing is a file system on which one file cannot be opened.
type failing struct {
	fstest.MapFS
	file string
}

func (f failing) Open(name string) (fs.File, error) {
	if name == f.file {
		return nil, errBroken
	}
	return f.MapFS.Open(name)
}

func (f failing) ReadFile(name string) ([]byte, error) {
	if name == f.file {
		return nil, errBroken
	}
	return f.MapFS.ReadFile(name)
}

func (f failing) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == f.file {
		return nil, errBroken
	}
	return f.MapFS.ReadDir(name)
}

func TestHold(t *testing.T) {
	t.Parallel()
	hold := state.Hold{Releases: []release.ID{"r-0123456789ab"}, Reason: "rolled back: errors", By: "ann"}
	want := `# Keeps these releases out of the environment. Delete the file to let them in again.
apiVersion: platform/v1
kind: Hold
releases:
  - r-0123456789ab
reason: 'rolled back: errors'
by: ann
`
	if diff := cmp.Diff(want, string(hold.Encode())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		expires := state.ExpiryAt(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "expires"), 0))
		if rapid.Bool().Draw(t, "for ever") {
			expires = state.Expiry{}
		}
		hold := state.Hold{Releases: []release.ID{"r-1"}, Expires: expires, Reason: rapid.StringMatching(`[^\x00-\x08\x0e-\x1f\x7f-\x9f]*`).Draw(t, "reason"), By: rapid.StringMatching(`[a-z ~:#'"\n-]*`).Draw(t, "by")}
		b := branch(key)
		b[state.HoldFile(root, key)] = &fstest.MapFile{Data: hold.Encode()}
		s, err := state.Read(b, root, []string{"dev"})
		if err != nil || len(s.Problems) > 0 {
			t.Fatalf("got %v, %v\n%s", err, s, hold.Encode())
		}
		got := s.Cells[key].Hold
		hold.Reason, hold.By = strings.Join(strings.Fields(hold.Reason), " "), strings.Join(strings.Fields(hold.By), " ")
		if diff := cmp.Diff(&hold, got, cmpopts.IgnoreFields(state.Hold{}, "APIVersion", "Kind")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestHoldsAt(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	forever := &state.Hold{Releases: []release.ID{"r-1"}}
	until := &state.Hold{Releases: []release.ID{"r-1"}, Expires: state.ExpiryAt(noon)}
	all := &state.Hold{Releases: []release.ID{"*"}, Reason: "fair", By: "ann", Expires: state.ExpiryAt(noon)}
	for name, c := range map[string]struct {
		hold *state.Hold
		id   release.ID
		at   time.Time
		want bool
	}{
		"none":                {nil, "r-1", noon, false},
		"named":               {forever, "r-1", noon, true},
		"another":             {forever, "r-2", noon, false},
		"before it expires":   {until, "r-1", noon.Add(-time.Second), true},
		"when it expires":     {until, "r-1", noon, false},
		"in another zone":     {until, "r-1", noon.Add(-time.Second).In(time.FixedZone("", 3600)), true},
		"everything":          {all, "r-2", noon.Add(-time.Hour), true},
		"everything, expired": {all, "r-2", noon.Add(time.Hour), false},
	} {
		if got := c.hold.HoldsAt(c.id, c.at); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if !until.Names("r-1") || all.Names("r-1") || !all.Holds("r-2") || all.String() != "everything held: fair (ann, until 2026-05-01T12:00:00Z)" {
		t.Errorf("got %v", all)
	}
}

func TestHoldsTogether(t *testing.T) {
	t.Parallel()
	early, late := state.ExpiryAt(time.Unix(1e9, 0)), state.ExpiryAt(time.Unix(2e9, 0))
	for _, c := range []struct{ a, b, want state.Expiry }{
		{early, late, late}, {late, early, late}, {early, state.Expiry{}, state.Expiry{}}, {state.Expiry{}, late, state.Expiry{}},
	} {
		a := state.Hold{Releases: []release.ID{"r-2"}, Reason: "new", Expires: c.a}
		got := a.And(&state.Hold{Releases: []release.ID{"r-1", "r-2"}, Reason: "old", Expires: c.b})
		if want := (state.Hold{Releases: []release.ID{"r-2", "r-1"}, Reason: "new", Expires: c.want}); !cmp.Equal(want, got) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if !cmp.Equal(a, a.And(nil)) {
			t.Error("no hold adds something")
		}
	}
}
