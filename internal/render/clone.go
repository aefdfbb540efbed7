package render

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var cloneName = regexp.MustCompile(`^kustomize-[0-9]+$`)

// cloneOf returns the temporary folder kustomize cloned a remote base into that holds p: the only part of the disk a render may
// read, and only once an allowed remote base was seen. Kustomize's own load restriction keeps it inside its clone.
func (t *tree) cloneOf(p string) (string, bool) {
	if !t.cloning {
		return "", false
	}
	temp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		return "", false
	}
	rest, inside := strings.CutPrefix(filepath.Clean(p), temp+string(filepath.Separator))
	first, _, _ := strings.Cut(rest, string(filepath.Separator))
	if !inside || !cloneName.MatchString(first) {
		return "", false
	}
	clone := filepath.Join(temp, first)
	t.clones[clone] = true
	return clone, true
}

func (t *tree) cleanedClone(p string) (filesys.ConfirmedDir, string, error) {
	clone, ok := t.cloneOf(p)
	if !ok {
		return "", "", t.fail(leaves(p))
	}
	dir, file, err := filesys.MakeFsOnDisk().CleanedAbs(p)
	if err != nil {
		return "", "", t.fail(err)
	}
	if !dir.HasPrefix(filesys.ConfirmedDir(clone)) {
		return "", "", t.fail(leaves(t.display(p)))
	}
	if isKustomization(filepath.Base(p)) {
		t.kustomizations[dir.Join(file)] = false
	}
	return dir, file, nil
}

func (t *tree) readClone(p string) ([]byte, error) {
	dir, file, err := t.cleanedClone(p) // again, so that no caller can read through a symlink
	if err != nil {
		return nil, err
	}
	return os.ReadFile(dir.Join(file))
}

func (t *tree) removeClone(p string) error {
	if clone, ok := t.cloneOf(p); !ok || clone != filepath.Clean(p) {
		return errReadOnly
	}
	return os.RemoveAll(p)
}
