package delivery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
)

// The actions named by the Platform-Action trailer of a state commit.
const (
	actionDeploy      = "deploy"
	actionPromote     = "promote"
	actionPassThrough = "pass-through"
	actionRollback    = "rollback"
)

// note is what a state commit says about itself.
type note struct {
	action       string
	environments []string
	releases     []release.Release // all of one source commit
	title        string            // after "action(env): component release"
	body         string
	source       *git.Commit // commit the release was made from
	repository   string      // address of the repository of source
	runURL       string
	extra        []string // more trailers
}

// message writes a commit message: a subject in the conventional form, a body for people and trailers for machines.
// Argo CD shows the Argocd-reference-commit trailers as the origin of a hydrated commit:
// https://argo-cd.readthedocs.io/en/stable/user-guide/source-hydrator/
func (n note) message() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s(%s): %s", n.action, strings.Join(n.environments, ","), n.subject())
	if title := oneLine(n.title); title != "" {
		fmt.Fprintf(&b, " (%s)", title)
	}
	b.WriteString("\n\n")
	if body := strings.TrimSpace(n.list() + n.body); body != "" {
		b.WriteString(body + "\n\n")
	}
	trailer := func(key, value string) {
		if value = oneLine(value); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	trailer("Platform-Action", n.action)
	for _, env := range n.environments {
		trailer("Platform-Environment", env)
	}
	for _, r := range n.releases {
		trailer("Platform-Component", r.Component)
		trailer("Platform-Release", string(r.ID))
	}
	trailer("Platform-Source-Commit", n.releases[0].Source.Commit)
	trailer("Platform-Run", n.runURL)
	for _, line := range n.extra {
		b.WriteString(oneLine(line) + "\n")
	}
	if n.source != nil {
		trailer("Argocd-reference-commit-author", fmt.Sprintf("%s <%s>", n.source.Author.Name, n.source.Author.Email))
		trailer("Argocd-reference-commit-date", n.source.Author.When.Format(time.RFC3339))
		trailer("Argocd-reference-commit-subject", n.source.Subject())
		if body := n.source.Body(); body != "" {
			quoted, _ := json.Marshal(body) // a string always encodes
			trailer("Argocd-reference-commit-body", string(quoted))
		}
		trailer("Argocd-reference-commit-sha", n.source.Hash.String())
		trailer("Argocd-reference-commit-repourl", n.repository)
	}
	return b.String()
}

// subject names what is moved: the release, or how many there are.
func (n note) subject() string {
	if len(n.releases) > 1 {
		return fmt.Sprintf("%d components", len(n.releases))
	}
	return n.releases[0].Component + " " + string(n.releases[0].ID)
}

// list names the releases where the subject does not.
func (n note) list() string {
	if len(n.releases) == 1 {
		return ""
	}
	var b strings.Builder
	for _, r := range n.releases {
		fmt.Fprintf(&b, "- %s %s\n", r.Component, r.ID)
	}
	return b.String() + "\n"
}

// in adds an environment, once.
func (n *note) in(environment string) {
	if !slices.Contains(n.environments, environment) {
		n.environments = append(n.environments, environment)
	}
}

// oneLine keeps text that people wrote from adding trailers of its own, and from steering a terminal.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
