package config

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/org/platform/internal/strictyaml"
)

// ErrNotFound says that the repository has no platform.yaml.
var ErrNotFound = errors.New("no " + FileName + " at the root of the repository; create one (docs/configuration.md) or point -C at a platform repository")

// Options loosen Load.
type Options struct {
	NoComponentsYet bool // do not look whether globs match something: for who makes the first component, or asks for one of very many
}

// Load reads platform.yaml from the root of a repository tree. Problems in it are a finding.Problems.
func Load(root fs.FS, options Options) (*Platform, error) {
	data, err := fs.ReadFile(root, FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", FileName, err)
	}
	doc, err := strictyaml.Single(FileName, data)
	if err != nil {
		return nil, err
	}
	var p Platform
	if err := doc.Decode(&p); err != nil {
		return nil, err
	}
	p.setDefaults()
	if err := validate(doc, &p, root, options); err != nil {
		return nil, err
	}
	p.Spec.Environments = ordered(p.Spec.Environments)
	return &p, nil
}

func (p *Platform) setDefaults() {
	s := &p.Spec
	setDefault(&s.State.Branch, "main")
	setDefault(&s.State.Path, "environments")
	setDefault(&s.Actions.Repository, "org/platform")
	setDefault(&s.Actions.Ref, "v1")
	for i := range s.Environments {
		e := &s.Environments[i]
		if len(e.PromoteFrom) == 0 {
			setDefault(&e.Deploy, DeployAutomatic)
		} else {
			setDefault(&e.Promotion, PromotionManual)
		}
	}
	if len(s.Policies) == 0 {
		for _, name := range []string{"kubernetes", "catalog", "dockerfile", "plan", "workflow"} {
			s.Policies = append(s.Policies, Bundle{Name: name})
		}
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// ordered sorts environments topologically, keeping the file's order where it is free. The graph has no cycle.
func ordered(environments []Environment) []Environment {
	done := map[string]bool{}
	var sorted []Environment
	for len(sorted) < len(environments) {
		for _, e := range environments {
			if done[e.Name] || !allDone(done, e.PromoteFrom) {
				continue
			}
			done[e.Name] = true
			sorted = append(sorted, e)
			break
		}
	}
	return sorted
}

func allDone(done map[string]bool, names []string) bool {
	for _, n := range names {
		if !done[n] {
			return false
		}
	}
	return true
}
