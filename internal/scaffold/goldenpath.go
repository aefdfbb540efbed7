package scaffold

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"strings"
	"text/template"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
)

const (
	apiVersion   = "platform/v1"
	templateFile = "template.yaml"
	skeletonDir  = "skeleton"
	suffix       = ".tmpl"
)

// The two roots of a skeleton: what lies below goes into the component's folder or into the repository's root.
const (
	componentRoot  = "component"
	repositoryRoot = "repository"
)

// GoldenPath is a parsed golden path, ready to generate components.
type GoldenPath struct {
	Name        string
	Title       string
	Description string
	Version     string      // content hash of template.yaml and the skeleton, "sha256:…"; tests do not count
	Parameters  []Parameter // the built-in ones first, then in the order of template.yaml

	schema   *jsonschema.Schema
	skeleton []source
}

// source is one file of the skeleton. Its path is a template, and so is its content unless literal is set.
type source struct {
	root    string // componentRoot or repositoryRoot
	file    string // slash-separated, relative to the golden path, for messages
	path    *template.Template
	each    bool // generated once per environment
	body    *template.Template
	literal []byte // set where body is nil
}

type document struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string `yaml:"name"`
		Title       string `yaml:"title"`
		Description string `yaml:"description"`
	} `yaml:"metadata"`
	Spec struct {
		Parameters schemas `yaml:"parameters"`
	} `yaml:"spec"`
}

// Load parses the golden path in the folder root. Mistakes in template.yaml are a finding.Problems.
func Load(root fs.FS) (*GoldenPath, error) {
	data, err := fs.ReadFile(root, templateFile)
	if err != nil {
		return nil, fmt.Errorf("not a golden path: %w", err)
	}
	doc, err := strictyaml.Single(templateFile, data)
	if err != nil {
		return nil, err
	}
	var d document
	if err := doc.Decode(&d); err != nil {
		return nil, err
	}
	if err := d.check(doc); err != nil {
		return nil, err
	}
	g := &GoldenPath{Name: d.Metadata.Name, Title: d.Metadata.Title, Description: d.Metadata.Description}
	if g.Parameters, g.schema, err = parameters(doc, d.Spec.Parameters); err != nil {
		return nil, err
	}
	hash := sha256.New()
	addFile(hash, templateFile, data)
	if g.skeleton, err = readSkeleton(root, hash); err != nil {
		return nil, fmt.Errorf("golden path %s: %w", g.Name, err)
	}
	g.Version = "sha256:" + hex.EncodeToString(hash.Sum(nil))
	return g, nil
}

func readSkeleton(root fs.FS, hash hash.Hash) ([]source, error) {
	var sources []source
	err := fs.WalkDir(root, skeletonDir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if !e.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file: a skeleton holds files and folders only", p)
		}
		content, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		addFile(hash, p, content)
		s, err := parseSource(p, content)
		sources = append(sources, s)
		return err
	})
	return sources, err
}

func (d *document) check(doc *strictyaml.Document) error {
	var problems finding.Problems
	want := func(ok bool, message, fix string, path ...any) {
		if !ok {
			problems = append(problems, doc.Problem(message, fix, path...))
		}
	}
	want(d.APIVersion == apiVersion, fmt.Sprintf("apiVersion is %q", d.APIVersion), "apiVersion: "+apiVersion, "apiVersion")
	want(d.Kind == "GoldenPath", fmt.Sprintf("kind is %q", d.Kind), "kind: GoldenPath", "kind")
	want(d.Metadata.Name != "", "metadata.name is missing", "name it like its folder", "metadata", "name")
	want(d.Metadata.Title != "", "metadata.title is missing", "say in a few words what it makes", "metadata", "title")
	want(d.Metadata.Description != "", "metadata.description is missing", "say when to use it", "metadata", "description")
	return problems.ErrorOrNil()
}

// addFile hashes lengths too: moving bytes from a name to a content must not keep the hash.
func addFile(hash hash.Hash, name string, content []byte) {
	fmt.Fprintf(hash, "%d %d %s\n", len(name), len(content), name) // a hash never fails to write
	hash.Write(content)
}

func parseSource(file string, content []byte) (source, error) {
	root, rel, ok := strings.Cut(strings.TrimPrefix(file, skeletonDir+"/"), "/")
	if !ok || (root != componentRoot && root != repositoryRoot) {
		return source{}, fmt.Errorf("%s is in neither root: put it below %s or %s", file,
			path.Join(skeletonDir, componentRoot), path.Join(skeletonDir, repositoryRoot))
	}
	name, rendered := strings.CutSuffix(rel, suffix)
	s := source{root: root, file: file, each: strings.Contains(name, eachEnvironment)}
	var err error
	if s.path, err = parse(file, strings.ReplaceAll(name, eachEnvironment, "[[."+environmentKey+"]]")); err != nil {
		return source{}, fmt.Errorf("file name: %w", err)
	}
	if !rendered {
		s.literal = content
		return s, nil
	}
	if s.body, err = parse(file, string(content)); err != nil {
		return source{}, err
	}
	return s, nil
}

// parse names the template after its file, so that errors say file and line.
func parse(file, text string) (*template.Template, error) {
	t, err := template.New(file).Delims("[[", "]]").Option("missingkey=error").Funcs(functions()).Parse(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	return t, nil
}
