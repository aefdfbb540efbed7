package rego

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Bundle is a folder of policies: *.rego anywhere in it, data as *.yaml, *.yml or *.json under data/.
type Bundle struct {
	Name    string // what problems show before the file: slash-separated, unique; the folder itself where it is in a repository
	Root    fs.FS
	Combine bool           // the Scope of packages that declare none is Component
	Data    map[string]any // what policies see as data.<key>, instead of what files in data/ hold under that key; for all bundles loaded with it
}

// material is bundles written to a temporary folder, because conftest loads from disk.
type material struct {
	dir     string
	bundles []Bundle
	data    []string // the data folders
}

// inMemory is where Linux has a file system in memory: policies lie there for the moment in which they are loaded, and a disk would make files of
// them.
const inMemory = "/dev/shm"

// materialize writes the bundles below a new temporary folder, each under its name, so that cutting the folder off a path
// gives what to show. The caller removes it.
func materialize(bundles []Bundle, tests bool) (_ *material, err error) {
	if len(bundles) == 0 {
		return nil, errors.New("no policies: name at least one policy bundle")
	}
	dir, err := os.MkdirTemp(inMemory, "policies-")
	if err != nil { // there is no such folder, or it is full or read-only
		dir, err = os.MkdirTemp("", "policies-")
	}
	if err != nil {
		return nil, fmt.Errorf("materialize policies: %w", err)
	}
	m := &material{dir: dir, bundles: bundles}
	defer func() {
		if err != nil {
			m.remove()
		}
	}()
	for _, b := range bundles {
		if !fs.ValidPath(b.Name) || b.Name == "." || strings.ContainsAny(b.Name, `:\`) { // OPA reads "x:path" as a prefix
			return nil, fmt.Errorf("policy bundle %q: want a relative path without : as its name", b.Name)
		}
		if err := m.add(b, tests); err != nil {
			return nil, fmt.Errorf("policy bundle %s: %w", b.Name, err)
		}
	}
	return m, nil
}

func (m *material) remove() { _ = os.RemoveAll(m.dir) } // nothing to do about a leftover in the temporary folder

func (m *material) add(b Bundle, tests bool) error {
	policies, data := 0, false
	err := fs.WalkDir(b.Root, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch {
		case isPolicy(file):
			policies++
		case isTest(file) && tests:
		case isData(file):
			data = true
		default:
			return nil
		}
		return m.write(b, file)
	})
	if err != nil {
		return err
	}
	if policies == 0 {
		return fmt.Errorf("holds no policies: add a .rego file or remove the bundle")
	}
	if data {
		m.data = append(m.data, filepath.Join(m.dir, filepath.FromSlash(b.Name), "data"))
	}
	return nil
}

func (m *material) write(b Bundle, file string) error {
	content, err := fs.ReadFile(b.Root, file)
	if err != nil {
		return err
	}
	target := filepath.Join(m.dir, filepath.FromSlash(b.Name), filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return fmt.Errorf("materialize %s: %w", file, err)
	}
	f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil { // without the path, which is temporary
		return fmt.Errorf("materialize %s: another bundle of this name holds it too, or the disk is full", file)
	}
	_, err = f.Write(content)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("materialize %s: %w", file, err)
	}
	return nil
}

// show cuts the temporary folder off every path in a text.
func (m *material) show(text string) string {
	return filepath.ToSlash(strings.ReplaceAll(text, m.dir+string(filepath.Separator), ""))
}

// bundleOf finds the bundle of a place: of nested names the longest.
func (m *material) bundleOf(loc *ast.Location) *Bundle {
	if loc == nil {
		return nil
	}
	file := m.show(loc.File)
	var found *Bundle
	for i, b := range m.bundles {
		if strings.HasPrefix(file, b.Name+"/") && (found == nil || len(b.Name) > len(found.Name)) {
			found = &m.bundles[i]
		}
	}
	return found
}

func isTest(file string) bool   { return strings.HasSuffix(file, "_test.rego") }
func isPolicy(file string) bool { return path.Ext(file) == ".rego" && !isTest(file) }

func isData(file string) bool {
	switch path.Ext(file) {
	case ".yaml", ".yml", ".json":
		return strings.HasPrefix(file, "data/")
	}
	return false
}
