package render

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxLinks is how many symlinks one path may go through, as in Linux.
const maxLinks = 40

type stat struct {
	mode fs.FileMode
	err  error
}

// resolver follows symlinks in a repository and remembers all it asked. Not for concurrent use.
type resolver struct {
	root  fs.FS
	modes map[string]stat     // what lies at a path, asked of each folder on the way to it
	reads map[string]struct{} // files and symlinks whose content was looked at
}

func newResolver(root fs.FS) resolver {
	return resolver{root: root, modes: map[string]stat{}, reads: map[string]struct{}{}}
}

// resolve follows the symlinks of a repository path as a checkout would and returns the physical path, which fs.ValidPath
// accepts, with its mode. A path that leaves the repository is an error, even where it would come back in.
func (r *resolver) resolve(name string) (string, fs.FileMode, error) {
	pending := strings.Split(name, "/")
	physical, mode := ".", fs.ModeDir
	for links := 0; len(pending) > 0; {
		step := pending[0]
		pending = pending[1:]
		switch {
		case step == "" || step == ".":
			continue
		case !mode.IsDir():
			return "", 0, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		case step == ".." && physical == ".":
			return "", 0, leaves(name)
		case step == "..":
			physical = path.Dir(physical)
			continue
		}
		next := path.Join(physical, step)
		s := r.lstat(next)
		if s.err != nil {
			return "", 0, s.err
		}
		if s.mode.Type() != fs.ModeSymlink {
			physical, mode = next, s.mode
			continue
		}
		if links++; links > maxLinks {
			return "", 0, fmt.Errorf("%s: too many symlinks", name)
		}
		target, err := fs.ReadLink(r.root, next)
		if err != nil {
			return "", 0, fmt.Errorf("read symlink %s: %w", next, err)
		}
		if path.IsAbs(target) {
			return "", 0, fmt.Errorf("symlink %s leaves the repository: its target is %s", next, target)
		}
		r.reads[next] = struct{}{}
		pending = append(strings.Split(target, "/"), pending...)
	}
	return physical, mode, nil
}

func leaves(name string) error {
	return fmt.Errorf("%s leaves the repository: what a render reads must be committed with it", name)
}

// lstat remembers its answers: kustomize asks for the same folders again and again, and a tree does not change.
func (r *resolver) lstat(name string) stat {
	if s, known := r.modes[name]; known {
		return s
	}
	var s stat
	if info, err := fs.Lstat(r.root, name); err != nil {
		s.err = err
	} else {
		s.mode = info.Mode()
	}
	r.modes[name] = s
	return s
}
