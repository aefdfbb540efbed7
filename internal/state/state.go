package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/release"
)

// The three generated files of a component in an environment.
const (
	ReleaseFile       = "release.yaml"
	ManifestsFile     = "manifests.yaml"
	KustomizationFile = "kustomization.yaml"
)

var kustomization = []byte(`# Generated. Do not edit: deploy, promote and rollback write this file.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - manifests.yaml
`)

// RuleID is the rule of every problem this package reports.
const RuleID = "state"

// Key names one component in one environment.
type Key struct {
	Environment string `json:"environment"`
	Component   string `json:"component"`
}

// Cell is what one component runs in one environment.
type Cell struct {
	Key
	Record release.Record
	Hold   *Hold // nil where nothing is held back
}

// State is all of what runs where, as far as it can be read.
type State struct {
	Cells    map[Key]Cell
	Holds    map[Key]*Hold            // of components which do not run there
	Problems map[Key]finding.Problems // cells that cannot be trusted: broken or edited by hand
}

// Components returns the names of all components that have state, sorted, broken ones too.
func (s *State) Components() []string {
	var names []string
	for k := range s.Cells {
		names = append(names, k.Component)
	}
	for k := range s.Problems {
		names = append(names, k.Component)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Dir returns the folder of a cell on the state branch.
func Dir(root string, k Key) string { return path.Join(root, k.Environment, k.Component) }

// Files returns the content of a cell's folder.
func Files(r release.Record, manifests []byte) map[string][]byte {
	return map[string][]byte{ReleaseFile: r.Encode(), ManifestsFile: manifests, KustomizationFile: kustomization}
}

// Read reads the state of the named environments below a folder of the state branch. A missing folder is empty state.
func Read(branch fs.FS, root string, environments []string) (*State, error) {
	s := &State{Cells: map[Key]Cell{}, Holds: map[Key]*Hold{}, Problems: map[Key]finding.Problems{}}
	for _, env := range environments {
		entries, err := fs.ReadDir(branch, path.Join(root, env))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read state of %s: %w", env, err)
		}
		for _, e := range entries {
			component, holds := strings.CutSuffix(e.Name(), holdSuffix)
			if !e.IsDir() && !holds {
				continue
			}
			if err := s.read(branch, root, Key{env, component}); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *State) read(branch fs.FS, root string, k Key) error {
	cell, found, err := ReadCell(branch, root, k)
	var problems finding.Problems
	switch {
	case errors.As(err, &problems):
		s.Problems[k] = problems
	case err != nil:
		return err
	case found:
		s.Cells[k] = cell
	case cell.Hold != nil:
		s.Holds[k] = cell.Hold
	}
	return nil
}

// ReadCell reads one cell and checks that it is as the toolkit wrote it. A hand edit is a finding.Problems. found is false where the
// component does not run in that environment; a hold may still keep releases out of it.
func ReadCell(branch fs.FS, root string, k Key) (cell Cell, found bool, err error) {
	dir := Dir(root, k)
	entries, err := fs.ReadDir(branch, dir)
	if errors.Is(err, fs.ErrNotExist) {
		hold, err := ReadHold(branch, root, k)
		return Cell{Key: k, Hold: hold}, false, err
	}
	if err != nil {
		return Cell{}, false, fmt.Errorf("read state: %w", err)
	}
	record, err := readFolder(branch, dir, entries, k.Component)
	if err != nil {
		return Cell{}, false, err
	}
	hold, err := ReadHold(branch, root, k)
	return Cell{Key: k, Record: record, Hold: hold}, err == nil, err
}

// ReadFolder reads the folder of a component's cell by itself, as history has it. A hand edit is a finding.Problems, with what was recorded where that
// can be read.
func ReadFolder(folder fs.FS, component string) (release.Record, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return release.Record{}, fmt.Errorf("read state: %w", err)
	}
	return readFolder(folder, ".", entries, component)
}

func readFolder(branch fs.FS, dir string, entries []fs.DirEntry, component string) (release.Record, error) {
	if problems := unexpected(dir, entries); problems != nil {
		return release.Record{}, problems
	}
	data, err := fs.ReadFile(branch, path.Join(dir, ReleaseFile))
	if err != nil {
		return release.Record{}, fmt.Errorf("read state: %w", err)
	}
	record, err := release.Decode(path.Join(dir, ReleaseFile), data)
	if err != nil {
		return release.Record{}, err
	}
	if record.Component != component {
		return record, edited(path.Join(dir, ReleaseFile), fmt.Sprintf("is the release of %q, not of %q", record.Component, component))
	}
	return record, checkGenerated(branch, dir, record)
}

// unexpected reports files that are missing from a cell's folder or do not belong there.
func unexpected(dir string, entries []fs.DirEntry) error {
	missing := map[string]bool{ReleaseFile: true, ManifestsFile: true, KustomizationFile: true}
	for _, e := range entries {
		if !missing[e.Name()] || !e.Type().IsRegular() {
			return edited(path.Join(dir, e.Name()), "does not belong here: the folder holds exactly three generated files")
		}
		delete(missing, e.Name())
	}
	for _, name := range []string{ReleaseFile, ManifestsFile, KustomizationFile} {
		if missing[name] {
			return edited(path.Join(dir, name), "is missing")
		}
	}
	return nil
}

func checkGenerated(branch fs.FS, dir string, record release.Record) error {
	manifests, err := fs.ReadFile(branch, path.Join(dir, ManifestsFile))
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	if release.ContentDigest(manifests) != record.Manifests {
		return edited(path.Join(dir, ManifestsFile), "was edited by hand: its content is not what was rendered for "+string(record.ID))
	}
	content, err := fs.ReadFile(branch, path.Join(dir, KustomizationFile))
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	if !bytes.Equal(content, kustomization) {
		return edited(path.Join(dir, KustomizationFile), "was edited by hand")
	}
	return nil
}

func edited(file, what string) error {
	return finding.Problems{{RuleID: RuleID, Severity: finding.Error, File: file, Confidence: finding.File,
		Message: file[strings.LastIndexByte(file, '/')+1:] + " " + what,
		Fix:     "make the change in deploy/overlays of the component, and git revert this edit"}}
}
