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
