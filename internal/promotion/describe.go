package promotion

import (
	"fmt"
	"strings"

	"github.com/org/platform/internal/release"
)

// Described is all a description of a promotion is made of.
type Described struct {
	Step    Step
	Commits []Change          // of the component's folder, newest first
	Known   bool              // whether Commits could be told from history
	Objects map[string]string // what changes in the manifests: "Deployment/hello" → added, removed or changed, in Order
	Order   []string
}

// Change is one commit for a description.
type Change struct {
	Hash, Subject, Author string
}

// Describe returns the description of a promotion: the body of its commit, and of its pull request where there is a forge.
func Describe(d Described) string {
	var b strings.Builder
	s := d.Step
	fmt.Fprintf(&b, "%s this release of %s; merge this branch to run it in %s.\n\n", allRun(s.From), s.Component, s.Environment)
	if s.Running == nil {
		fmt.Fprintf(&b, "  release  %s (the first in %s)\n", s.Release.ID, s.Environment)
	} else {
		fmt.Fprintf(&b, "  release  %s → %s\n", s.Running.ID, s.Release.ID)
	}
	for _, image := range s.Release.Images {
		fmt.Fprintf(&b, "  image    %s\n", image.Reference())
		if before := imageOf(s.Running, image.Name); before != "" && before != image.Digest {
			fmt.Fprintf(&b, "           was %s\n", before)
		}
	}
	fmt.Fprintf(&b, "  source   %.12s, %s\n", s.Release.Source.Commit, s.Release.Source.Path)
	describeCommits(&b, d)
	if len(d.Order) > 0 {
		b.WriteString("\nManifests:\n")
		for _, name := range d.Order {
			fmt.Fprintf(&b, "- %s %s\n", d.Objects[name], name)
		}
	}
	return b.String()
}

const maxListed = 30

func describeCommits(b *strings.Builder, d Described) {
	if !d.Known || len(d.Commits) == 0 {
		return
	}
	b.WriteString("\nCommits:\n")
	for i, c := range d.Commits {
		if i == maxListed {
			fmt.Fprintf(b, "- and %d more\n", len(d.Commits)-maxListed)
			return
		}
		fmt.Fprintf(b, "- %.12s %s (%s)\n", c.Hash, c.Subject, c.Author)
	}
}

func imageOf(r *release.Record, name string) string {
	if r == nil {
		return ""
	}
	for _, i := range r.Images {
		if i.Name == name {
			return i.Digest
		}
	}
	return ""
}
