package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/strictyaml"
)

// Hold keeps releases out of an environment, so that automation does not undo a rollback. Another release passes and lifts it.
type Hold struct {
	APIVersion string       `yaml:"apiVersion" json:"-"`
	Kind       string       `yaml:"kind" json:"-"`
	Releases   []release.ID `yaml:"releases" json:"releases"` // rolled back from, newest first
	Reason     string       `yaml:"reason" json:"reason"`
	By         string       `yaml:"by" json:"by"`
}

// Holds says whether a release is held. A nil Hold holds nothing.
func (h *Hold) Holds(id release.ID) bool { return h != nil && slices.Contains(h.Releases, id) }

// And returns a hold of this one's releases as well. A nil Hold adds nothing.
func (h Hold) And(earlier *Hold) Hold {
	if earlier != nil {
		h.Releases = append(slices.Clone(h.Releases), earlier.Releases...)
	}
	return h
}

// Without returns a hold that lets a release in.
func (h Hold) Without(id release.ID) Hold {
	h.Releases = slices.DeleteFunc(slices.Clone(h.Releases), func(held release.ID) bool { return held == id })
	return h
}

// String says what is held and why, on one line.
func (h *Hold) String() string {
	ids := make([]string, len(h.Releases))
	for i, id := range h.Releases {
		ids[i] = string(id)
	}
	return fmt.Sprintf("%s held: %s (%s)", strings.Join(ids, ", "), oneLine(h.Reason), oneLine(h.By))
}

// oneLine keeps text that people wrote from breaking out of its line.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

const (
	holdSuffix  = ".hold.yaml"
	holdVersion = "platform/v1"
	holdKind    = "Hold"
)

// HoldFile returns the place of a cell's hold: beside its folder, which holds generated files only.
func HoldFile(root string, k Key) string {
	return path.Join(root, k.Environment, k.Component+holdSuffix)
}

// Encode returns the hold as YAML. Reason and author become one line each: the encoder cannot write every text over several so that it can be
// read again.
func (h Hold) Encode() []byte {
	h.Reason, h.By = oneLine(h.Reason), oneLine(h.By)
	h.APIVersion, h.Kind = holdVersion, holdKind
	var b bytes.Buffer
	b.WriteString("# Keeps these releases out of the environment. Delete the file to let them in again.\n")
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(h); err != nil {
		panic("encode a hold of plain strings: " + err.Error()) // cannot happen
	}
	return b.Bytes()
}

// ReadHold reads the hold of a cell; nil is none.
func ReadHold(branch fs.FS, root string, k Key) (*Hold, error) {
	file := HoldFile(root, k)
	data, err := fs.ReadFile(branch, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read hold: %w", err)
	}
	doc, err := strictyaml.Single(file, data)
	if err != nil {
		return nil, err
	}
	var h Hold
	if err := doc.Decode(&h); err != nil {
		return nil, err
	}
	// A hold that names no release would hold nothing back, and nobody would notice.
	if h.APIVersion != holdVersion || h.Kind != holdKind || len(h.Releases) == 0 || slices.Contains(h.Releases, "") {
		message := fmt.Sprintf("not a %s of %s which names a release", holdKind, holdVersion)
		return nil, finding.Problems{doc.Problem(message, "fix the file, or delete it to let every release in", "releases")}
	}
	return &h, nil
}
