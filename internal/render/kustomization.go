package render

import (
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/org/platform/internal/finding"
)

// RuleID is the rule of every finding this package reports.
const RuleID = "render"

// serve returns the bytes of a kustomization file as kustomize shall see them. Kustomize reads every kustomization file through
// here before it acts on it, so this is where what would start a network or a program is refused.
func (t *tree) serve(p string, data []byte, overlay bool) ([]byte, error) {
	var k types.Kustomization
	if k.Unmarshal(data) != nil {
		return data, nil // kustomize parses it the same way, and says what is wrong
	}
	c := checker{tree: t, file: t.display(p), dir: path.Dir(p), data: data}
	changed := c.check(&k)
	if err := c.problems.ErrorOrNil(); err != nil {
		return nil, err
	}
	if len(k.OpenAPI) > 0 && !t.ownSchema {
		return nil, errOwnSchema
	}
	if overlay {
		changed = t.takeManagedBy(&k) || changed
		if t.edit != nil {
			t.edit(&k)
			changed = true
		}
	}
	if !changed {
		return data, nil
	}
	edited, err := k8syaml.Marshal(&k) // as `kustomize edit` writes it, less the comments
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", c.file, err)
	}
	return edited, nil
}

// takeManagedBy takes the managedByLabel option away from kustomize: see the constant managedBy.
func (t *tree) takeManagedBy(k *types.Kustomization) bool {
	var kept []string
	for _, option := range k.BuildMetadata {
		if option == types.ManagedByLabelOption {
			t.managedBy = true
			continue
		}
		kept = append(kept, option)
	}
	k.BuildMetadata = kept
	return t.managedBy
}

// checker reports what a kustomization file must not do.
type checker struct {
	tree     *tree
	file     string // as shown in problems
	dir      string // physical folder, as kustomize knows it
	data     []byte
	problems finding.Problems
}

// check reports problems and rewrites the allowed remote bases of k. It returns whether it changed k.
func (c *checker) check(k *types.Kustomization) bool {
	if len(k.HelmCharts)+len(k.HelmChartInflationGenerator) > 0 {
		c.report(keyLine(c.data, "helmCharts", "helmChartInflationGenerator"), "helmCharts are not supported: a render starts no program",
			"run helm template, commit its output and list it under resources")
	}
	changed := false
	for _, list := range [][]string{k.Resources, k.Bases, k.Components} {
		for i, entry := range list {
			if !isRemote(entry) {
				c.checkPath(entry)
				continue
			}
			served, message, fix := admit(c.tree.remotes, entry)
			if message != "" {
				c.report(valueLine(c.data, entry), message, fix)
				continue
			}
			list[i], changed, c.tree.cloning = served, true, true
		}
	}
	for _, entry := range files(k) {
		c.checkFile(c.data, c.file, entry)
	}
	for _, list := range [][]string{k.Generators, k.Transformers, k.Validators} {
		c.checkPlugins(list)
	}
	return changed
}

// files returns the entries that kustomize opens as files, and only as files.
func files(k *types.Kustomization) []string {
	var entries []string
	for _, list := range [][]string{k.Crds, k.Configurations, {k.OpenAPI["path"]}} {
		entries = append(entries, list...)
	}
	for _, p := range k.PatchesStrategicMerge {
		entries = append(entries, string(p))
	}
	for _, list := range [][]types.Patch{k.PatchesJson6902, k.Patches} {
		for _, p := range list {
			entries = append(entries, p.Path)
		}
	}
	for _, r := range k.Replacements {
		entries = append(entries, r.Path)
	}
	sources := func(s types.KvPairSources) {
		entries = append(append(append(entries, s.FileSources...), s.EnvSources...), s.EnvSource)
	}
	for _, g := range k.ConfigMapGenerator {
		sources(g.KvPairSources)
	}
	for _, g := range k.SecretGenerator {
		sources(g.KvPairSources)
	}
	return entries
}

// checkFile refuses an entry that kustomize would get by HTTP. A generator's entry may be "key=path".
func (c *checker) checkFile(data []byte, file, entry string) {
	_, afterKey, _ := strings.Cut(entry, "=")
	if !isHTTP(entry) && !isHTTP(afterKey) {
		c.checkPath(entry)
		return
	}
	c.reportIn(file, valueLine(data, entry), fmt.Sprintf("%q would be fetched over the network", entry),
		"copy the file into the repository and name its path")
}

// checkPath refuses an entry that leaves the repository, however it would come back in.
func (c *checker) checkPath(entry string) {
	dir, inside := treePath(c.dir)
	if !inside || strings.Contains(entry, "\n") { // a clone, which kustomize confines itself, or an inline patch
		return
	}
	if joined := path.Join(dir, entry); joined == ".." || strings.HasPrefix(joined, "../") {
		c.report(valueLine(c.data, entry), fmt.Sprintf("%q leaves the repository", entry), "a render only reads what is committed with it")
	}
}

func (c *checker) report(line int, message, fix string) { c.reportIn(c.file, line, message, fix) }

func (c *checker) reportIn(file string, line int, message, fix string) {
	f := finding.Finding{RuleID: RuleID, Severity: finding.Error, Message: message, Fix: fix, File: file, Line: line,
		Confidence: finding.Exact}
	if line == 0 {
		f.Confidence = finding.File
	}
	c.problems = append(c.problems, f)
}

// valueLine returns the line of the first scalar with this value, 0 where there is none.
func valueLine(data []byte, value string) int {
	return findLine(data, func(n *yaml.Node) bool { return n.Value == value })
}

// keyLine returns the line of the first scalar that is one of the keys in any case, as kustomize reads them.
func keyLine(data []byte, keys ...string) int {
	return findLine(data, func(n *yaml.Node) bool {
		for _, key := range keys {
			if strings.EqualFold(n.Value, key) {
				return true
			}
		}
		return false
	})
}

func findLine(data []byte, match func(*yaml.Node) bool) int {
	var root yaml.Node
	if yaml.Unmarshal(data, &root) != nil {
		return 0
	}
	var find func(*yaml.Node) int
	find = func(n *yaml.Node) int {
		if n.Kind == yaml.ScalarNode && match(n) {
			return n.Line
		}
		for _, child := range n.Content {
			if line := find(child); line > 0 {
				return line
			}
		}
		return 0
	}
	return find(&root)
}
