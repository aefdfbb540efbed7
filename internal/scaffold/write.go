package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/org/platform/internal/finding"
)

// Write writes files below dir, all or none of them. It refuses with a finding.Problems if any of them exists: nothing is ever
// overwritten. Symbolic links cannot lead it out of dir.
func Write(dir string, files Files) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("write files: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	paths := files.Paths()
	if err := refuseExisting(root, paths); err != nil {
		return err
	}
	// Contents are written here first, so that a full disk is met before anything is in its place. The names are numbers: no
	// folders to make, no name of a generated file to clash with.
	stage, err := os.MkdirTemp(dir, ".scaffold-*")
	if err != nil {
		return fmt.Errorf("write files: %w", err)
	}
	stage = filepath.Base(stage)
	defer func() { err = errors.Join(err, root.RemoveAll(stage)) }()
	for i, p := range paths {
		mode := fs.FileMode(0o644)
		if files[p].Executable {
			mode = 0o755
		}
		if err := root.WriteFile(path.Join(stage, strconv.Itoa(i)), files[p].Content, mode); err != nil {
			return fmt.Errorf("write %s: %w", p, err)
		}
	}
	placed := placement{root: root}
	for i, p := range paths {
		if err := placed.move(path.Join(stage, strconv.Itoa(i)), p); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", p, err), placed.undo())
		}
	}
	return nil
}

func refuseExisting(root *os.Root, paths []string) error {
	var problems finding.Problems
	for _, p := range paths {
		switch _, err := root.Lstat(p); {
		case err == nil:
			problems = append(problems, finding.Finding{RuleID: "golden-path-exists", Severity: finding.Error, File: p,
				Confidence: finding.File, Message: "already exists and is never overwritten", Fix: "choose another name or path, or remove it"})
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("write %s: %w", p, err)
		}
	}
	return problems.ErrorOrNil()
}

// placement moves files to their places and remembers what it made.
type placement struct {
	root *os.Root
	made []string
}

func (w *placement) move(from, to string) error {
	if err := w.mkdir(path.Dir(to)); err != nil {
		return err
	}
	if _, err := w.root.Lstat(to); !errors.Is(err, fs.ErrNotExist) { // a rename would overwrite what appeared meanwhile
		return errors.Join(fs.ErrExist, err)
	}
	if err := w.root.Rename(from, to); err != nil {
		return err
	}
	w.made = append(w.made, to)
	return nil
}

func (w *placement) mkdir(dir string) error {
	if dir == "." {
		return nil
	}
	if err := w.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	err := w.root.Mkdir(dir, 0o755)
	if err == nil {
		w.made = append(w.made, dir)
	} else if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// undo removes what was made, last first. A folder that somebody else has put a file in meanwhile stays, and is reported.
func (w *placement) undo() error {
	var errs []error
	for _, p := range slices.Backward(w.made) {
		errs = append(errs, w.root.Remove(p))
	}
	return errors.Join(errs...)
}
