package rego

import (
	"cmp"
	"slices"

	"github.com/open-policy-agent/opa/v1/cover"
)

// FileCoverage is what of a policy file the tests evaluated.
type FileCoverage struct {
	File      string  // bundle name and path in the bundle
	Percent   float64 // of the lines that hold a rule or an expression
	Uncovered []Lines // in order
}

// Lines are the lines from one to another, 1-based, both included.
type Lines struct{ First, Last int }

// coverage leaves out the tests themselves, which always run.
func (m *material) coverage(report cover.Report) (files []FileCoverage, percent float64) {
	covered, lines := 0, 0
	for file, r := range report.Files {
		if isTest(file) {
			continue
		}
		f := FileCoverage{File: m.show(file), Percent: r.Coverage}
		for _, missed := range r.NotCovered {
			f.Uncovered = append(f.Uncovered, Lines{missed.Start.Row, missed.End.Row})
		}
		f.Uncovered = join(f.Uncovered)
		files, covered, lines = append(files, f), covered+r.CoveredLines, lines+r.CoveredLines+r.NotCoveredLines
	}
	slices.SortFunc(files, func(a, b FileCoverage) int { return cmp.Compare(a.File, b.File) })
	if lines == 0 {
		return files, 100
	}
	return files, 100 * float64(covered) / float64(lines)
}

// join makes one of lines that follow each other.
func join(all []Lines) []Lines {
	slices.SortFunc(all, func(a, b Lines) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last)) })
	var joined []Lines
	for _, l := range all {
		if n := len(joined); n > 0 && l.First <= joined[n-1].Last+1 {
			joined[n-1].Last = max(joined[n-1].Last, l.Last)
			continue
		}
		joined = append(joined, l)
	}
	return joined
}
