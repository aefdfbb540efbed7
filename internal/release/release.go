// Package release defines a release: an immutable pair of source commit and image digests, and its record in state.
package release

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
)

// ID names a release by its content: "r-" and the first 12 hex digits of a SHA-256. It is the same in every environment.
type ID string

// Source is where a release was made from.
type Source struct {
	Commit string `yaml:"commit" json:"commit"` // full commit id
	Path   string `yaml:"path" json:"path"`     // folder of the component
}

// Image is one image of a release: what manifests call it, and what runs.
type Image struct {
	Name    string `yaml:"name" json:"name"`       // as authored in manifests
	NewName string `yaml:"newName" json:"newName"` // repository
	Digest  string `yaml:"digest" json:"digest"`   // sha256:…
}

// Reference returns repository@digest.
func (i Image) Reference() string { return i.NewName + "@" + i.Digest }

// Release is what is deployed: it never changes once made.
type Release struct {
	ID        ID      `yaml:"id" json:"id"`
	Component string  `yaml:"component" json:"component"`
	Source    Source  `yaml:"source" json:"source"`
	Images    []Image `yaml:"images,omitempty" json:"images,omitempty"` // sorted by name
}

// New makes a release and computes its ID.
func New(component string, source Source, images []Image) Release {
	images = slices.Clone(images)
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.NewName, b.NewName), strings.Compare(a.Digest, b.Digest))
	})
	r := Release{Component: component, Source: source, Images: images}
	r.ID = r.contentID()
	return r
}

func (r Release) contentID() ID {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q\n", r.Component, r.Source.Commit, r.Source.Path)
	for _, i := range r.Images {
		fmt.Fprintf(h, "%q %q %q\n", i.Name, i.NewName, i.Digest)
	}
	return ID("r-" + hex.EncodeToString(h.Sum(nil))[:12])
}

// Digest returns the digest of the component's own image, else of the first, else "".
func (r Release) Digest() string {
	for _, i := range r.Images {
		if i.Name == r.Component {
			return i.Digest
		}
	}
	if len(r.Images) > 0 {
		return r.Images[0].Digest
	}
	return ""
}

var (
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	commitForm = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// ParseImage reads NAME=REPOSITORY@sha256:…, or REPOSITORY@sha256:… where the name is the given default.
func ParseImage(s, defaultName string) (Image, error) {
	name, reference, named := strings.Cut(s, "=")
	if !named {
		name, reference = defaultName, s
	}
	repository, digest, pinned := strings.Cut(reference, "@")
	if !pinned || !digestForm.MatchString(digest) || name == "" || repository == "" ||
		strings.Contains(repository, "=") || strings.ContainsAny(s, " \t\r\n") {
		return Image{}, fmt.Errorf("image %q is not NAME=REPOSITORY@sha256:DIGEST; a release pins images by digest (output image of containerize)", s)
	}
	return Image{Name: name, NewName: repository, Digest: digest}, nil
}

// Record is release.yaml: a release as it stands in one environment. It has no timestamps; Git has them.
type Record struct {
	APIVersion string `yaml:"apiVersion" json:"-"`
	Kind       string `yaml:"kind" json:"-"`
	Release    `yaml:",inline"`
	Manifests  string   `yaml:"manifests" json:"manifests"`                           // sha256:… of manifests.yaml, so that a hand edit shows without rendering
	From       string   `yaml:"promotedFrom,omitempty" json:"promotedFrom,omitempty"` // upstream environment, empty after a deploy
	Gates      []string `yaml:"gates,omitempty" json:"gates,omitempty"`               // the configured gates that it had to pass, in their order
	// BreakGlass is set where the gates were skipped.
	BreakGlass *BreakGlass `yaml:"breakGlass,omitempty" json:"breakGlass,omitempty"`
}

// BreakGlass says who skipped the gates of a promotion.
type BreakGlass struct {
	By string `yaml:"by" json:"by"` // login of who put the label on
}

// The values of apiVersion and kind.
const (
	apiVersion = "platform/v1"
	kind       = "Release"
)

// NewRecord makes the record of a release whose rendered manifests are given.
func NewRecord(r Release, promotedFrom string, manifests []byte) Record {
	return Record{APIVersion: apiVersion, Kind: kind, Release: r, Manifests: ContentDigest(manifests), From: promotedFrom}
}

// ContentDigest returns sha256:… of bytes.
func ContentDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Encode returns the record as YAML, the same bytes every time.
func (r Record) Encode() []byte {
	var b bytes.Buffer
	b.WriteString("# Generated. Do not edit: deploy, promote and rollback write this file.\n")
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(r); err != nil {
		panic("encode a record of plain strings: " + err.Error()) // cannot happen
	}
	return b.Bytes()
}

// Decode reads and verifies a record. Problems, such as an id that does not match its content, are a finding.Problems.
func Decode(file string, data []byte) (Record, error) {
	doc, err := strictyaml.Single(file, data)
	if err != nil {
		return Record{}, err
	}
	var r Record
	if err := doc.Decode(&r); err != nil {
		return Record{}, err
	}
	var problems finding.Problems
	report := func(message string, path ...any) {
		problems = append(problems, doc.Problem(message, "this file is generated: deploy, promote or roll back instead of editing it", path...))
	}
	if r.APIVersion != apiVersion {
		report(fmt.Sprintf("apiVersion is %q, want %s", r.APIVersion, apiVersion), "apiVersion")
	}
	if r.Kind != kind {
		report(fmt.Sprintf("kind is %q, want %s", r.Kind, kind), "kind")
	}
	if !commitForm.MatchString(r.Source.Commit) {
		report(fmt.Sprintf("source.commit %q is not a full commit id", r.Source.Commit), "source", "commit")
	}
	if !fs.ValidPath(r.Source.Path) {
		report(fmt.Sprintf("source.path %q is not a folder of the repository", r.Source.Path), "source", "path")
	}
	for i, image := range r.Images {
		if !digestForm.MatchString(image.Digest) {
			report(fmt.Sprintf("image %q has no valid digest: %q", image.Name, image.Digest), "images", i, "digest")
		}
	}
	if want := r.contentID(); r.ID != want {
		report(fmt.Sprintf("id %q does not match the content, whose id is %s", r.ID, want), "id")
	}
	return r, problems.ErrorOrNil()
}

// Previous returns the release to go back to, given the releases an environment ran, oldest first. Going back to an earlier release
// forgets those in between: they were rolled back and are not candidates again.
func Previous(history []ID) (ID, bool) {
	var stack []ID
	for _, id := range history {
		if i := slices.Index(stack, id); i >= 0 {
			stack = stack[:i]
		}
		stack = append(stack, id)
	}
	if len(stack) < 2 {
		return "", false
	}
	return stack[len(stack)-2], true
}
