package delivery

import (
	"encoding/json"
	"fmt"
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
	release      release.Release
	title        string // after "action(env): component release"
	body         string
	source       *git.Commit // commit the release was made from
	runURL       string
	extra        []string // more trailers
}

// message writes a commit message: a subject in the conventional form, a body for people and trailers for machines.
// Argo CD shows the Argocd-reference-commit trailers as the origin of a hydrated commit:
// https://argo-cd.readthedocs.io/en/stable/user-guide/source-hydrator/
func (n note) message() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s(%s): %s %s", n.action, strings.Join(n.environments, ","), n.release.Component, n.release.ID)
	if title := oneLine(n.title); title != "" {
		fmt.Fprintf(&b, " (%s)", title)
	}
	b.WriteString("\n\n")
	if n.body != "" {
		b.WriteString(strings.TrimSpace(n.body) + "\n\n")
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
	trailer("Platform-Component", n.release.Component)
	trailer("Platform-Release", string(n.release.ID))
	trailer("Platform-Source-Commit", n.release.Source.Commit)
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
	}
	return b.String()
}

// oneLine keeps text that people wrote from adding trailers of its own, and from steering a terminal.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
