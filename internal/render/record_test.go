package render_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/render"
)

// replay answers what a Recorder noted down, and fails the test on any other question.
type replay struct {
	t     *testing.T
	root  fs.FS
	known map[string]render.Lookup
}

func newReplay(t *testing.T, root fs.FS, lookups []render.Lookup) replay {
	r := replay{t, root, map[string]render.Lookup{}}
	for _, l := range lookups {
		r.known[l.Path] = l
	}
	return r
}

func (r replay) look(name string, read bool) (render.Lookup, error) {
	r.t.Helper()
	l, known := r.known[name]
	if !known || read && !l.Read {
		r.t.Errorf("%s was asked (read: %v), and is recorded as %+v", name, read, l)
		return l, errors.ErrUnsupported
	}
	if l.Kind == render.Absent {
		return l, fs.ErrNotExist
	}
	return l, nil
}

func (r replay) Lstat(name string) (fs.FileInfo, error) {
	if _, err := r.look(name, false); err != nil {
		return nil, err
	}
	return fs.Lstat(r.root, name)
}

func (r replay) ReadLink(name string) (string, error) {
	if _, err := r.look(name, true); err != nil {
		return "", err
	}
	return fs.ReadLink(r.root, name)
}

func (r replay) ReadFile(name string) ([]byte, error) {
	if _, err := r.look(name, true); err != nil {
		return nil, err
	}
	return fs.ReadFile(r.root, name)
}

func (r replay) Open(name string) (fs.File, error) {
	r.t.Errorf("%s was opened", name)
	return nil, errors.ErrUnsupported
}

// What was recorded is all that a render rests on: with these answers alone it comes to the same.
func TestRecordedIsEnough(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := os.DirFS(corpus)
			plain := mustRender(t, render.Request{Root: root, Dir: name + "/overlay", Origins: true})
			recorder := render.Record(root)
			recorded := mustRender(t, render.Request{Root: recorder, Dir: name + "/overlay", Origins: true})
			if err := recorder.Err(); err != nil {
				t.Error(err)
			}
			lookups := recorder.Lookups()
			replayed := mustRender(t, render.Request{Root: newReplay(t, root, lookups), Dir: name + "/overlay", Origins: true})
			for how, got := range map[string]*render.Result{"recorded": recorded, "replayed": replayed} {
				if diff := cmp.Diff(plain, got); diff != "" {
					t.Errorf("(-plain +%s):\n%s", how, diff)
				}
			}
			var reads []string
			for _, l := range lookups {
				if l.Read {
					reads = append(reads, l.Path)
				}
			}
			if diff := cmp.Diff(plain.Reads, reads); diff != "" {
				t.Errorf("reads (-render +recorder):\n%s", diff)
			}
		})
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	root := files(
		"a/deploy/overlays/dev/kustomization.yaml", "resources: [../../base, link.yaml]", "a/deploy/overlays/dev/link.yaml", "-> real.yaml",
		"a/deploy/overlays/dev/real.yaml", configMap, "a/deploy/overlays/dev/unused.yaml", configMap, "a/deploy/base/Kustomization", "namePrefix: a-",
		"empty/x", "")
	got := render.Record(root)
	dir, err := render.OverlayDir(got, "a", "dev")
	if err != nil {
		t.Fatal(err)
	}
	mustRender(t, render.Request{Root: got, Dir: dir})
	const folder, file, symlink, absent = render.Folder, render.File, render.Symlink, render.Absent
	want := []render.Lookup{
		{"a", folder, false}, {"a/deploy", folder, false}, {"a/deploy/base", folder, false},
		{"a/deploy/base/Kustomization", file, true}, {"a/deploy/base/kustomization.yaml", absent, false}, {"a/deploy/base/kustomization.yml", absent, false},
		{"a/deploy/overlays", folder, false}, {"a/deploy/overlays/dev", folder, false},
		{"a/deploy/overlays/dev/Kustomization", absent, false}, {"a/deploy/overlays/dev/kustomization.yaml", file, true},
		{"a/deploy/overlays/dev/kustomization.yml", absent, false},
		{"a/deploy/overlays/dev/link.yaml", symlink, true}, {"a/deploy/overlays/dev/real.yaml", file, true},
	}
	if diff := cmp.Diff(want, got.Lookups()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	got = render.Record(root)
	if _, err := render.OverlayDir(got, "b/c", "dev"); !errors.Is(err, render.ErrNoOverlay) {
		t.Errorf("want %v, got %v", render.ErrNoOverlay, err)
	}
	if diff := cmp.Diff([]render.Lookup{{"b", absent, false}}, got.Lookups()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	got = render.Record(root)
	_, _ = fs.ReadDir(got, ".")
	_, _ = fs.ReadDir(got, "empty")
	_, _ = fs.Stat(got, "empty/x")
	_, _ = fs.Stat(got, ".")
	_, _ = fs.Lstat(got, ".")
	_, _ = fs.Lstat(got, "empty/x/y")
	if diff := cmp.Diff([]render.Lookup{{".", folder, true}, {"empty", folder, true}, {"empty/x", file, false}}, got.Lookups()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// onDisk writes a tree into a folder: fstest.MapFS does not survive symlinks in circles.
func onDisk(t *testing.T, root fstest.MapFS) fs.FS {
	t.Helper()
	dir := t.TempDir()
	for name, file := range root {
		name = filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil && file.Mode.Type() == fs.ModeSymlink {
			err = os.Symlink(string(file.Data), name)
		} else if err == nil {
			err = os.WriteFile(name, file.Data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	disk, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	return disk.FS()
}

// A Recorder answers as what it records does, and tells nothing that it does not record.
func TestRecorderAnswers(t *testing.T) {
	t.Parallel()
	root := onDisk(t, files("o/file", "content", "o/link", "-> file", "o/up", "-> ..", "o/loop", "-> loop", "o/gone", "-> nowhere", "o/out", "-> ../..", "x", "x"))
	describe := func(root fs.FS, name string) []string {
		say := func(what any, err error) string { return fmt.Sprint(what, " ", err) }
		var all []string
		info := func(info fs.FileInfo, err error) {
			if err == nil {
				all = append(all, fmt.Sprint(info.Name(), info.Mode().Type(), info.IsDir()))
				return
			}
			all = append(all, err.Error())
		}
		info(fs.Stat(root, name))
		info(fs.Lstat(root, name))
		all = append(all, say(fs.ReadLink(root, name)), say(fs.ReadFile(root, name)))
		entries, err := fs.ReadDir(root, name)
		for _, e := range entries {
			all = append(all, e.Name()+e.Type().String())
		}
		_, openErr := root.Open(name)
		return append(all, say("", err), say("", openErr))
	}
	for _, name := range []string{".", "o", "o/file", "o/link", "o/up", "o/up/o/link", "o/loop", "o/gone", "o/out", "absent", "o/file/below", "../x", "/x", ""} {
		if diff := cmp.Diff(describe(root, name), describe(render.Record(root), name)); diff != "" {
			t.Errorf("%s (-root +recorder):\n%s", name, diff)
		}
	}
	recorder := render.Record(root)
	entries, err := fs.ReadDir(recorder, "o")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Size() != 0 || info.Mode().Perm() != 0 || !info.ModTime().IsZero() || info.Sys() != nil {
			t.Errorf("%s tells more than its name and type: %v, %v", path.Join("o", e.Name()), info, err)
		}
	}
}

func TestRecorderNotesErrors(t *testing.T) {
	t.Parallel()
	root := onDisk(t, files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", configMap, "loop", "-> loop"))
	recorder := render.Record(flaky{files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", configMap), "o/a.yaml"})
	if _, err := render.Render(t.Context(), render.Request{Root: recorder, Dir: "o"}); !errors.Is(err, errGone) || !errors.Is(recorder.Err(), errGone) {
		t.Errorf("want %v, got %v and %v", errGone, err, recorder.Err())
	}
	for name, ask := range map[string]func(fs.FS) error{
		"stat":  func(f fs.FS) error { _, err := fs.Stat(f, "o/loop"); return err },
		"lstat": func(f fs.FS) error { _, err := fs.Lstat(f, "../o"); return err },
		"dir":   func(f fs.FS) error { _, err := fs.ReadDir(f, "o/a.yaml"); return err },
		"open":  func(f fs.FS) error { _, err := f.Open("o/loop"); return err },
		"link":  func(f fs.FS) error { _, err := fs.ReadLink(f, "o/a.yaml"); return err },
	} {
		recorder := render.Record(root)
		if err := ask(recorder); err == nil || recorder.Err() == nil {
			t.Errorf("%s: %v is noted as %v", name, err, recorder.Err())
		}
	}
	recorder = render.Record(root)
	_, _ = fs.ReadFile(recorder, "absent")
	if err := recorder.Err(); err != nil {
		t.Errorf("what is not there is an error: %v", err)
	}
	if lookups := recorder.Lookups(); !slices.Equal(lookups, []render.Lookup{{Path: "absent"}}) {
		t.Errorf("lookups %v", lookups)
	}
}
