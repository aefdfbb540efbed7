package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/placement/fieldpath"
	"github.com/org/platform/internal/rego"
)

// authored checks the files that bundles name.
func (c *checker) authored(ctx context.Context) error {
	if len(c.Environments) > 0 { // files belong to none
		return nil
	}
	files, err := c.candidates(ctx)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(name string) bool { return len(c.reading(name)) == 0 })
	if err := c.prefetch(ctx, literal(files)...); err != nil {
		return err
	}
	c.result.Files = len(files)
	found := make([][]raw, len(files))
	err = each(ctx, c.Workers, len(files), func(ctx context.Context, i int) (err error) {
		found[i], err = c.authoredFile(ctx, files[i])
		return err
	})
	c.found = append(c.found, slices.Concat(found...)...)
	return err
}

// reading returns the bundles that check a file.
func (c *checker) reading(name string) []*bundle {
	var all []*bundle
	if path.Ext(name) == ".dockerignore" { // as in Dockerfile.dockerignore: a list of names is nothing to check
		return nil
	}
	for _, b := range c.bundles {
		if slices.ContainsFunc(b.Files, func(glob string) bool { return doublestar.MatchUnvalidated(glob, name) }) {
			all = append(all, b)
		}
	}
	return all
}

// candidates returns the files that may be checked: those that the change touches, or all.
func (c *checker) candidates(ctx context.Context) ([]string, error) {
	if !slices.ContainsFunc(c.bundles, func(b *bundle) bool { return len(b.Files) > 0 }) || len(c.Components) > 0 && !c.All {
		return nil, nil
	}
	var files []string
	if !c.whole() {
		for _, change := range c.changes {
			if isFile(change.After) && !within(change.Path, c.Config.Spec.State.Path) {
				files = append(files, change.Path)
			}
		}
		return files, nil
	}
	if err := c.prefetch(ctx, c.globs()...); err != nil {
		return nil, err
	}
	err := fs.WalkDir(c.files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name == c.Config.Spec.State.Path: // generated
			return fs.SkipDir
		case entry.Type().IsRegular(), entry.Type()&fs.ModeSymlink != 0:
			files = append(files, name)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list the files to check: %w", err)
	}
	return files, nil
}

func (c *checker) globs() []string {
	var all []string
	for _, b := range c.bundles {
		all = append(all, b.Files...)
	}
	return all
}

// literal returns globs that mean these files alone.
func literal(files []string) []string {
	all := make([]string, len(files))
	for i, name := range files {
		all[i] = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`).Replace(name)
	}
	return all
}

// authoredFile checks one file, and what it was before the change where it has findings.
func (c *checker) authoredFile(ctx context.Context, name string) ([]raw, error) {
	found, documents, err := c.readFile(ctx, c.files, name)
	c.documents.Add(int64(documents))
	if err != nil || len(found) == 0 || c.Base == git.ZeroHash {
		return found, err
	}
	change, changed := c.change(name)
	if changed && !isFile(change.Before) {
		return found, nil
	}
	known := map[string]int{}
	if changed {
		before, _, err := c.readFile(ctx, c.Repo.Tree(c.Base), name)
		if err != nil {
			return nil, fmt.Errorf("in the base: %w", err)
		}
		for _, f := range before {
			known[f.Fingerprint+f.content]++
		}
	}
	for i := range found {
		f := &found[i]
		f.Known = !changed || known[f.Fingerprint+f.content] > 0
		known[f.Fingerprint+f.content]--
	}
	return found, nil
}

// readFile evaluates the documents of a file. What does not parse is a finding: nothing of it was checked.
func (c *checker) readFile(ctx context.Context, root fs.FS, name string) (found []raw, documents int, err error) {
	if info, err := fs.Lstat(root, name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		f := finding.Finding{RuleID: document.RuleID, Severity: finding.Error, File: name, Confidence: finding.File,
			Message: name + " is a symbolic link, through which nothing is checked", Fix: "put the file itself there"}
		f.Fingerprint = fingerprint(f.RuleID, name, f.Message)
		return []raw{{Finding: f, cause: f.Message}}, 0, nil
	}
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", name, err)
	}
	docs, err := decode(name, data)
	var problems finding.Problems
	if err != nil && !errors.As(err, &problems) {
		return nil, 0, err
	}
	for _, f := range problems {
		f.Fingerprint = fingerprint(f.RuleID, name, f.Message)
		found = append(found, raw{Finding: f, cause: f.Message})
	}
	for _, d := range docs {
		for _, b := range c.reading(name) {
			if err := b.compile(); err != nil {
				return nil, 0, err
			}
			b.seen.Add(1)
			violations, err := b.policies.CheckFile(ctx, rego.Document, name, d.Value)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", name, err)
			}
			for _, v := range violations {
				if !c.off(v.RuleID, "") {
					found = append(found, c.inFile(d, v))
				}
			}
		}
	}
	return found, len(docs), nil
}

// decode returns the documents of a file, in any format that conftest reads.
func decode(name string, data []byte) ([]*document.Document, error) {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return document.Parse(name, data)
	}
	if !rego.Parses(name) {
		return document.Parse(name, data)
	}
	values, err := rego.ParseFile(name, data)
	if err != nil {
		return nil, err
	}
	var docs []*document.Document
	for i, value := range values {
		for _, d := range document.FromValue(name, data, value) {
			d.Index = i
			docs = append(docs, d)
		}
	}
	return docs, nil
}

// inFile is what a rule finds in a document of a file.
func (c *checker) inFile(d *document.Document, v rego.Violation) raw {
	f := finding.Finding{File: d.File, Confidence: finding.File, Path: v.Path}
	steps, err := fieldpath.Parse(v.Path)
	if v.Line > 0 && (v.File == "" || v.File == d.File) { // the policy knows better
		f.Line, f.Confidence = v.Line, finding.Exact
	} else if err == nil {
		at := d.Locate(steps)
		f.Line, f.Column, f.Confidence = at.Line, at.Column, at.Confidence
	}
	at := stable(v.Path, d.Value)
	parts := []string{v.RuleID, d.File, at}
	if v.Path == "" {
		parts = append(parts, v.Message)
	}
	f.Fingerprint = fingerprint(parts...)
	return raw{c.worded(v, f), at, content(v.Message, v.Path, d.Value)}
}

// isFile says whether something can be read at an entry: of a link it is said that it is one.
func isFile(e git.Entry) bool {
	return e.Kind == git.File || e.Kind == git.Executable || e.Kind == git.Symlink
}
