package waiver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
)

// FileName is the place of the waivers in a repository.
const FileName = "policy/waivers.yaml"

// The values of apiVersion and kind.
const (
	APIVersion = "platform/v1"
	Kind       = "Waivers"
)

// The rules of findings about waivers themselves.
const (
	Expired   = "waiver-expired"
	Unmatched = "waiver-unmatched"
)

const day = "2006-01-02"

// Waiver accepts the findings of a rule which all its selectors match.
type Waiver struct {
	Rule         string   `yaml:"rule"`
	Component    string   `yaml:"component,omitempty"`    // glob of names
	Resource     string   `yaml:"resource,omitempty"`     // glob of "Kind/name"
	File         string   `yaml:"file,omitempty"`         // glob of paths
	Environments []string `yaml:"environments,omitempty"` // none is all
	Owner        string   `yaml:"owner"`
	Reason       string   `yaml:"reason"`
	Expires      string   `yaml:"expires"` // the last day on which it holds, as 2006-01-02 in UTC
}

type file struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Waivers    []Waiver `yaml:"waivers"`
}

// List is the waivers of a repository. It notes which of them were of use; not for concurrent use.
type List struct {
	doc     *strictyaml.Document
	waivers []Waiver
	used    map[int]bool
	today   string
}

// Load reads the waivers of a repository, none where there is no such file, as of a day. Its error is a finding.Problems where the file
// is wrong.
func Load(root fs.FS, now time.Time) (*List, error) {
	l := &List{used: map[int]bool{}, today: now.UTC().Format(day)}
	data, err := fs.ReadFile(root, FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", FileName, err)
	}
	if l.doc, err = strictyaml.Single(FileName, data); err != nil {
		return nil, err
	}
	var f file
	if err := l.doc.Decode(&f); err != nil {
		return nil, err
	}
	l.waivers = f.Waivers
	return l, l.validate(f)
}

func (l *List) validate(f file) error {
	var problems finding.Problems
	report := func(message, fix string, at ...any) { problems = append(problems, l.doc.Problem(message, fix, at...)) }
	if f.APIVersion != APIVersion {
		report(fmt.Sprintf("apiVersion %q is not %s", f.APIVersion, APIVersion), "write apiVersion: "+APIVersion, "apiVersion")
	}
	if f.Kind != Kind {
		report(fmt.Sprintf("kind %q is not %s", f.Kind, Kind), "write kind: "+Kind, "kind")
	}
	for i := range l.waivers {
		w := &l.waivers[i]
		at := func(field string) []any { return []any{"waivers", i, field} }
		for _, required := range []struct{ field, value, fix string }{
			{"rule", w.Rule, "name the id of one rule; a waiver is for nothing else"},
			{"owner", w.Owner, "name the team that will mend it"},
			{"reason", w.Reason, "say why this is acceptable, and what will end it"},
			{"expires", w.Expires, "give the last day on which it holds, such as " + l.soon()},
		} {
			if strings.TrimSpace(required.value) == "" {
				report(required.field+" is missing", required.fix, at(required.field)...)
			}
		}
		if w.Component == "" && w.Resource == "" && w.File == "" {
			report("the waiver is for the whole repository", "add component, resource or file; to turn a rule off use severity in platform.yaml", "waivers", i)
		}
		for field, glob := range map[string]string{"component": w.Component, "resource": w.Resource, "file": w.File} {
			if !doublestar.ValidatePattern(glob) {
				report(fmt.Sprintf("%s %q is no pattern", field, glob), "close its brackets, or write \\ before them", at(field)...)
			}
		}
		if parsed, err := time.Parse(day, w.Expires); w.Expires != "" && (err != nil || parsed.Format(day) != w.Expires) {
			report(fmt.Sprintf("expires %q is no day", w.Expires), "write it as "+l.soon(), at("expires")...)
		}
	}
	finding.Sort(problems)
	return problems.ErrorOrNil()
}

// soon is the example of a day to come.
func (l *List) soon() string {
	now, _ := time.Parse(day, l.today) // it was formatted so
	return now.AddDate(0, 3, 0).Format(day)
}

// Match returns the waiver of a finding of one component in one environment, or nil. Of several the one that holds longest counts. A waiver
// that has expired accepts nothing.
func (l *List) Match(f finding.Finding) *finding.Waiver {
	var best *Waiver
	for i := range l.waivers {
		w := &l.waivers[i]
		if !w.matches(f) {
			continue
		}
		l.used[i] = true
		if w.Expires >= l.today && (best == nil || w.Expires > best.Expires) {
			best = w
		}
	}
	if best == nil {
		return nil
	}
	return &finding.Waiver{Owner: best.Owner, Reason: best.Reason, Expires: best.Expires}
}

func (w *Waiver) matches(f finding.Finding) bool {
	return w.Rule == f.RuleID && among(w.Component, f.Components) && among(w.Resource, []string{f.Resource}) && among(w.File, []string{f.File}) &&
		(len(w.Environments) == 0 || len(f.Environments) > 0 && !slices.ContainsFunc(f.Environments, func(e string) bool {
			return !slices.Contains(w.Environments, e)
		}))
}

// among says whether a glob matches all of the names, of which there is one; the empty glob asks nothing.
func among(glob string, names []string) bool {
	if glob == "" {
		return true
	}
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool {
		matched, err := doublestar.Match(glob, name)
		return err != nil || !matched || name == ""
	})
}

// Findings returns what is wrong with the waivers themselves: those that have expired, and those that no finding needed. As only part of the
// repository may have been checked, covered says whether all that a waiver selects was.
func (l *List) Findings(covered func(Waiver) bool) []finding.Finding {
	var all []finding.Finding
	for i, w := range l.waivers {
		switch {
		case w.Expires < l.today:
			f := l.doc.Problem(fmt.Sprintf("the waiver of %s for %s expired on %s (%s)", w.Rule, w.selector(), w.Expires, w.Owner),
				"mend what it accepts, or agree on another day", "waivers", i, "expires")
			f.RuleID = Expired
			all = append(all, f)
		case !l.used[i] && covered(w):
			f := l.doc.Problem(fmt.Sprintf("nothing needs the waiver of %s for %s any more", w.Rule, w.selector()), "remove it", "waivers", i, "rule")
			f.RuleID, f.Severity = Unmatched, finding.Warning
			all = append(all, f)
		}
	}
	return all
}

func (w *Waiver) selector() string {
	return cmp.Or(strings.Trim(w.Component+" "+w.Resource, " "), w.File)
}
