package check

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/strictyaml"
	"github.com/org/platform/internal/waiver"
)

// finish makes of what was found in each overlay and file what a person reads: each cause once, with what it is accepted for.
func (c *checker) finish() []finding.Finding {
	before := c.waiversBefore()
	for i := range c.found {
		f := &c.found[i].Finding
		f.Waiver = c.waivers.Match(*f)
		if f.Known && f.Waiver == nil && before.Match(*f) != nil { // the change takes its waiver away
			f.Known = false
		}
	}
	findings := c.merge()
	findings = append(findings, c.aboutWaivers()...)
	findings = append(findings, c.aboutSeverities()...)
	c.markChanged(findings)
	finding.Sort(findings)
	return findings
}

// waiversBefore returns those of the base; none where they cannot be read, which is not the change's doing.
func (c *checker) waiversBefore() *waiver.List {
	none := &waiver.List{}
	if _, changed := c.change(waiver.FileName); !changed {
		return none
	}
	before, err := waiver.Load(c.Repo.Tree(c.Base), c.Now)
	if err != nil {
		return none
	}
	return before
}

// merge makes findings of the same cause one, which names the components and environments in which it fails.
func (c *checker) merge() []finding.Finding {
	type key struct {
		rule, file, cause string
		line, column      int
		resource, message string
		known             bool
		waiver            finding.Waiver
		nth               int // of several such in one overlay
	}
	type occurrence struct {
		key
		component, environment string
	}
	order := c.Config.EnvironmentNames()
	at, seen := map[key]int{}, map[occurrence]int{}
	var all []finding.Finding
	for _, r := range c.found {
		f := r.Finding
		k := key{rule: f.RuleID, file: f.File, line: f.Line, column: f.Column, cause: r.cause, known: f.Known}
		if f.Line == 0 { // all that is known is a file, which may hold several causes
			k.resource = f.Resource
		}
		if f.File == "" {
			k.message = f.Message
		}
		if f.Waiver != nil {
			k.waiver = *f.Waiver
		}
		o := occurrence{k, first(f.Components), first(f.Environments)}
		k.nth = seen[o]
		seen[o]++
		i, known := at[k]
		if !known {
			at[k] = len(all)
			f.Components, f.Environments = slices.Clone(f.Components), slices.Clone(f.Environments)
			all = append(all, f)
			continue
		}
		all[i].Components = union(all[i].Components, f.Components)
		all[i].Environments = union(all[i].Environments, f.Environments)
		if f.Severity == finding.Error {
			all[i].Severity = finding.Error
		}
	}
	for i := range all {
		slices.Sort(all[i].Components)
		slices.SortFunc(all[i].Environments, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	}
	return all
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func union(all, more []string) []string {
	for _, name := range more {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// aboutWaivers is what is wrong with waivers. One of the base's is known.
func (c *checker) aboutWaivers() []finding.Finding {
	all := c.ofUnchanged(waiver.FileName, c.waivers.Findings(func(waiver.Waiver) bool {
		return c.whole() && len(c.Components)+len(c.Environments) == 0
	}))
	before := map[string]bool{}
	for _, f := range c.waiversBefore().Findings(func(waiver.Waiver) bool { return false }) {
		before[fingerprint(f.RuleID, f.File, f.Message)] = true
	}
	for i := range all {
		all[i].Known = all[i].Known || before[all[i].Fingerprint]
	}
	return all
}

// aboutSeverities names the rules of platform.yaml that no bundle has: a rule misspelt is one not turned off, or not turned on.
func (c *checker) aboutSeverities() []finding.Finding {
	data, err := fs.ReadFile(c.files, config.FileName)
	if err != nil {
		return nil // it was read before
	}
	doc, err := strictyaml.Single(config.FileName, data)
	if err != nil {
		return nil
	}
	var all []finding.Finding
	report := func(severities config.Severities, at ...any) {
		for _, rule := range slices.Sorted(maps.Keys(severities)) {
			if rule == config.AnyRule || c.hasRule(rule) {
				continue
			}
			f := doc.Problem(fmt.Sprintf("no policy bundle has a rule %s", rule), "see the rules with: platform policy-check explain", append(at, rule)...)
			f.RuleID, f.Severity = "unknown-rule", finding.Warning
			all = append(all, f)
		}
	}
	report(c.Config.Spec.Severity, "spec", "severity")
	for i := range c.Config.Spec.Environments {
		name, _ := doc.Lookup("spec", "environments", i, "name")
		e, _ := c.Config.Environment(name.Value)
		report(e.Severity, "spec", "environments", i, "severity")
	}
	return c.ofUnchanged(config.FileName, all)
}

// hasRule says whether a bundle has a rule of that id. Rules may give their results other ids than they declare; those that found something count
// too.
func (c *checker) hasRule(id string) bool {
	if _, silent := c.silent.Load(id); silent || slices.ContainsFunc(c.found, func(r raw) bool { return r.RuleID == id }) {
		return true
	}
	return slices.ContainsFunc(c.compiled(), func(b *bundle) bool {
		return slices.ContainsFunc(b.policies.Rules(), func(r rego.Rule) bool { return r.ID == id })
	})
}

// ofUnchanged gives findings about a file their fingerprint; where the change leaves the file alone they are known.
func (c *checker) ofUnchanged(file string, findings []finding.Finding) []finding.Finding {
	_, changed := c.change(file)
	for i := range findings {
		f := &findings[i]
		f.Fingerprint = fingerprint(f.RuleID, f.File, f.Message)
		f.Known = c.Base != git.ZeroHash && !changed
	}
	return findings
}

// markChanged notes the findings on lines that the change brings.
func (c *checker) markChanged(findings []finding.Finding) {
	lines := map[string]map[int]bool{}
	for i := range findings {
		f := &findings[i]
		if f.File == "" || f.Line == 0 {
			continue
		}
		change, changed := c.change(f.File)
		if !changed {
			continue
		}
		if lines[f.File] == nil {
			lines[f.File] = c.newLines(change.Path)
		}
		f.Changed = lines[f.File][f.Line]
	}
}

// newLines returns the lines of a file whose text the base's file has nowhere.
func (c *checker) newLines(file string) map[int]bool {
	before, _ := fs.ReadFile(c.Repo.Tree(c.Base), file) // one that cannot be read has no lines
	after, _ := fs.ReadFile(c.files, file)
	old := map[string]int{}
	for line := range bytes.Lines(before) {
		old[string(bytes.TrimRight(line, "\r\n"))]++
	}
	fresh, n := map[int]bool{}, 0
	for line := range bytes.Lines(after) {
		n++
		text := string(bytes.TrimRight(line, "\r\n"))
		if old[text]--; old[text] < 0 {
			fresh[n] = true
		}
	}
	return fresh
}
