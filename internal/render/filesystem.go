package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// mount is where kustomize sees the repository. Kustomize wants absolute paths, and a root of its own lets us tell a path that
// left the repository from one that did not.
const mount = "/@repository"

var errReadOnly = errors.New("the repository is read-only")

// tree is the file system of one kustomize run: the repository, and the clones of allowed remote bases. Not for concurrent use.
type tree struct {
	resolver
	ctx       context.Context
	dir       string                     // the overlay, as asked for
	edit      func(*types.Kustomization) // applied to the overlay's own kustomization; may be nil
	remotes   []string
	ownSchema bool // this run may set kyaml's schema

	kustomizations map[string]bool // physical path of each file kustomize opens as a kustomization → it is the overlay's own
	clones         map[string]bool
	cloning        bool // an allowed remote base was seen
	managedBy      bool
	failure        error // the first error that must end the render whatever kustomize makes of it
}

func newTree(ctx context.Context, req Request, edit func(*types.Kustomization)) *tree {
	return &tree{
		resolver: newResolver(req.Root), ctx: ctx, dir: req.Dir, edit: edit, remotes: req.RemoteBases,
		kustomizations: map[string]bool{}, clones: map[string]bool{},
	}
}

func virtual(name string) string { return path.Join(mount, name) }

// treePath returns the repository path of a virtual path, and false where it is outside the repository.
func treePath(p string) (string, bool) {
	if p = path.Clean(p); p == mount {
		return ".", true
	}
	return strings.CutPrefix(p, mount+"/")
}

// fail remembers err unless it only says that a file does not exist, which kustomize may ask about.
func (t *tree) fail(err error) error {
	if t.failure == nil && !errors.Is(err, fs.ErrNotExist) {
		t.failure = err
	}
	return err
}

// CleanedAbs returns the physical folder of a path and, where the path is a file, its name.
func (t *tree) CleanedAbs(p string) (filesys.ConfirmedDir, string, error) {
	name, inside := treePath(p)
	if !inside {
		return t.cleanedClone(p)
	}
	physical, mode, err := t.resolve(name)
	if err != nil {
		return "", "", t.fail(err)
	}
	if mode.IsDir() {
		return filesys.ConfirmedDir(virtual(physical)), "", nil
	}
	if isKustomization(path.Base(name)) {
		t.kustomizations[virtual(physical)] = t.kustomizations[virtual(physical)] || t.isOverlay(path.Dir(name))
	}
	return filesys.ConfirmedDir(virtual(path.Dir(physical))), path.Base(physical), nil
}

// isKustomization looks at the name kustomize asks for, which a symlink's target need not have.
func isKustomization(base string) bool {
	return slices.Contains(konfig.RecognizedKustomizationFileNames(), base)
}

func (t *tree) isOverlay(dir string) bool {
	physical, _, err := t.resolve(t.dir)
	return err == nil && physical == dir
}

// ReadFile returns a file's bytes; a kustomization's only once it is known to fetch nothing, and as edited.
func (t *tree) ReadFile(p string) ([]byte, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, t.fail(err)
	}
	data, err := t.raw(p)
	if err != nil {
		return nil, err
	}
	overlay, known := t.kustomizations[p]
	if !known {
		return data, nil
	}
	data, err = t.serve(p, data, overlay)
	if err != nil {
		return nil, t.fail(err)
	}
	return data, nil
}

func (t *tree) raw(p string) ([]byte, error) {
	name, inside := treePath(p)
	if !inside {
		return t.readClone(p)
	}
	physical, mode, err := t.resolve(name)
	if err != nil {
		return nil, t.fail(err)
	}
	if mode.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a file: %w", name, fs.ErrNotExist)
	}
	data, err := fs.ReadFile(t.root, physical)
	if err != nil {
		return nil, t.fail(fmt.Errorf("read %s: %w", physical, err))
	}
	t.reads[physical] = struct{}{}
	return data, nil
}

// display returns a physical path as people know it.
func (t *tree) display(p string) string {
	if name, inside := treePath(p); inside {
		return name
	}
	if clone, ok := t.cloneOf(p); ok {
		return "remote base: " + strings.TrimPrefix(p, clone+"/")
	}
	return p
}

// Exists reports whether a path exists.
func (t *tree) Exists(p string) bool {
	_, _, err := t.CleanedAbs(p)
	return err == nil
}

// IsDir reports whether a path is a folder.
func (t *tree) IsDir(p string) bool {
	_, file, err := t.CleanedAbs(p)
	return err == nil && file == ""
}

// RemoveAll removes a clone kustomize is done with. Nothing else can be removed.
func (t *tree) RemoveAll(p string) error { return t.removeClone(p) }

// What follows is no part of a build: writing, and the searches of `kustomize edit`.

func (t *tree) Create(string) (filesys.File, error)      { return nil, errReadOnly }
func (t *tree) Mkdir(string) error                       { return errReadOnly }
func (t *tree) MkdirAll(string) error                    { return errReadOnly }
func (t *tree) WriteFile(string, []byte) error           { return errReadOnly }
func (t *tree) Open(string) (filesys.File, error)        { return nil, errors.ErrUnsupported }
func (t *tree) ReadDir(string) ([]string, error)         { return nil, errors.ErrUnsupported }
func (t *tree) Glob(string) ([]string, error)            { return nil, errors.ErrUnsupported }
func (t *tree) Walk(_ string, _ filepath.WalkFunc) error { return errors.ErrUnsupported }
