package main

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

const commandsDir = "docs/commands"

// generate returns all generated files by path. A nil content is a file that must not exist.
func generate(root fs.FS) (map[string][]byte, error) {
	schema := platformSchema()
	files, err := commandPages(root)
	if err != nil {
		return nil, err
	}
	existing, err := fs.Glob(root, commandsDir+"/*.md")
	if err != nil {
		return nil, err
	}
	for _, name := range existing {
		if _, wanted := files[name]; !wanted {
			files[name] = nil
		}
	}
	if files["docs/platform.schema.json"], err = encodeSchema(schema); err != nil {
		return nil, err
	}
	pages, err := handWritten(root)
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		content, err := fs.ReadFile(root, page)
		if err != nil {
			return nil, err
		}
		filled, err := fillSections(root, string(content), schema)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", page, err)
		}
		files[page] = []byte(filled)
	}
	return files, nil
}

// handWritten returns the Markdown files that people write, in which sections may be generated.
func handWritten(root fs.FS) ([]string, error) {
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "actions/*.md", "actions/*/*.md", "golden-paths/*.md", "policy/*.md"} {
		found, err := fs.Glob(root, pattern)
		if err != nil {
			return nil, err
		}
		pages = append(pages, found...)
	}
	return pages, nil
}

const (
	sectionBegin = "<!-- generated: "
	sectionClose = " -->"
	sectionEnd   = "<!-- end -->"
)

// fillSections writes anew what stands between <!-- generated: WHAT --> and <!-- end -->. WHAT is "reference", the fields of platform.yaml,
// "policies", the rules of the default bundles, or "file PATH", the content of a file, so that an example in the text is the one that is tested.
func fillSections(root fs.FS, content string, schema *schemaNode) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(content, sectionBegin)
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		what, rest, closed := strings.Cut(rest, sectionClose+"\n")
		_, after, ended := strings.Cut(rest, sectionEnd)
		if !closed || !ended {
			return "", fmt.Errorf("the section %.40q has no end; write %s", what, sectionEnd)
		}
		section, err := section(root, what, schema)
		if err != nil {
			return "", err
		}
		b.WriteString(sectionBegin + what + sectionClose + "\n" + section + sectionEnd)
		content = after
	}
}

func section(root fs.FS, what string, schema *schemaNode) (string, error) {
	switch what {
	case "reference":
		return reference(schema), nil
	case "policies":
		return policyReference(root)
	}
	name, isFile := strings.CutPrefix(what, "file ")
	if !isFile {
		return "", fmt.Errorf("unknown section %q; known: reference, policies, file PATH", what)
	}
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return "", fmt.Errorf("section %q: %w", what, err)
	}
	language := map[string]string{".yaml": "yaml", ".yml": "yaml"}[path.Ext(name)]
	return "```" + language + "\n" + string(content) + "```\n", nil
}
