package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
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
	Releases   []release.ID `yaml:"releases" json:"releases"` // rolled back from, newest first; Everything is all there are
	Reason     string       `yaml:"reason" json:"reason"`
	By         string       `yaml:"by" json:"by"`
	Expires    Expiry       `yaml:"expires,omitempty" json:"expires,omitzero"` // from then on it holds nothing; zero is never
}

// Everything in place of a release holds all of them: nothing moves into the cell.
const Everything release.ID = "*"

// Holds says whether a release is held as long as the hold lasts. A nil Hold holds nothing.
func (h *Hold) Holds(id release.ID) bool { return h.Names(id) || h.HoldsEverything() }

// HoldsAt says whether a release is held at a time. A nil Hold and one that has expired hold nothing.
func (h *Hold) HoldsAt(id release.ID, now time.Time) bool { return h.Lasts(now) && h.Holds(id) }

// Names says whether the hold is of this release by name, also after it has expired: what was rolled back from stays that.
func (h *Hold) Names(id release.ID) bool { return h != nil && slices.Contains(h.Releases, id) }

// HoldsEverything says whether the hold is of no release in particular.
func (h *Hold) HoldsEverything() bool { return h.Names(Everything) }

// Lasts says whether there is a hold that has not expired at a time.
func (h *Hold) Lasts(now time.Time) bool {
	return h != nil && (h.Expires.IsZero() || now.Before(h.Expires.Time))
}

// And returns a hold of this one's releases as well, which lasts as long as the longer of the two. A nil Hold adds nothing.
func (h Hold) And(earlier *Hold) Hold {
	if earlier == nil {
		return h
	}
	h.Releases = slices.Clone(h.Releases)
	for _, id := range earlier.Releases {
		if !slices.Contains(h.Releases, id) {
			h.Releases = append(h.Releases, id)
		}
	}
	if earlier.Expires.IsZero() || !h.Expires.IsZero() && earlier.Expires.After(h.Expires.Time) {
		h.Expires = earlier.Expires
	}
	return h
}

// Without returns a hold that lets a release in, unless it holds everything.
func (h Hold) Without(id release.ID) Hold {
	h.Releases = slices.DeleteFunc(slices.Clone(h.Releases), func(held release.ID) bool { return held == id })
	return h
}

// String says what is held, why and until when, on one line.
func (h *Hold) String() string {
	what := "everything"
	if !h.HoldsEverything() {
		ids := make([]string, len(h.Releases))
		for i, id := range h.Releases {
			ids[i] = string(id)
		}
		what = strings.Join(ids, ", ")
	}
	until := ""
	if !h.Expires.IsZero() {
		until = ", until " + h.Expires.String()
	}
	return fmt.Sprintf("%s held: %s (%s%s)", what, oneLine(h.Reason), oneLine(h.By), until)
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
	return DecodeHold(file, data)
}

// DecodeHold reads a hold. Problems are a finding.Problems.
func DecodeHold(file string, data []byte) (*Hold, error) {
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
