package github

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

func (s *Server) listPulls(c *call) answer {
	state := cmp.Or(c.query.Get("state"), "open")
	var found []PullRequest
	for _, p := range s.listed() {
		head, base := c.query.Get("head"), c.query.Get("base")
		if strings.Contains(head, ":") && head != s.label(p) || base != "" && base != p.Base || state != "all" && state != p.State {
			continue // a head without an owner is no filter
		}
		found = append(found, p)
	}
	byCreation := func(a, b PullRequest) int { return cmp.Compare(a.Number, b.Number) }
	order := byCreation
	if c.query.Get("sort") == "updated" {
		order = func(a, b PullRequest) int { return cmp.Or(a.Updated.Compare(b.Updated), byCreation(a, b)) }
	}
	slices.SortStableFunc(found, order)
	direction := c.query.Get("direction")
	if direction == "desc" || direction == "" && cmp.Or(c.query.Get("sort"), "created") == "created" {
		slices.Reverse(found)
	}
	return ok(each(page(c, found), func(p PullRequest) object { return s.pullJSON(p, "pull-request-simple") }))
}

func (s *Server) getPull(c *call) answer {
	p := s.pull(c.number("pull_number"))
	if p == nil {
		return notFound()
	}
	return ok(s.pullJSON(*p, "pull-request"))
}

func invalid(details ...detail) answer {
	return no(http.StatusUnprocessableEntity, "Validation Failed", details...)
}

func (s *Server) createPull(c *call) answer {
	var sent struct {
		Title, Body, Head, Base string
		Draft                   bool
	}
	_ = json.Unmarshal(c.body, &sent)
	branch := strings.TrimPrefix(sent.Head, s.o.Owner+":")
	if sent.Title == "" {
		return invalid(detail{Resource: "PullRequest", Field: "title", Code: "missing_field"})
	}
	p, refused := s.openPull(PullRequest{Title: sent.Title, Body: sent.Body, Branch: branch, Base: sent.Base, Draft: sent.Draft, Author: c.login})
	field, bad := strings.CutSuffix(refused, " is invalid")
	switch {
	case p != nil:
		return answer{http.StatusCreated, s.pullJSON(*p, "pull-request")}
	case bad:
		return invalid(detail{Resource: "PullRequest", Field: field, Code: "invalid"})
	case strings.HasPrefix(refused, "Draft"):
		return no(http.StatusUnprocessableEntity, refused)
	}
	return invalid(detail{Resource: "PullRequest", Code: "custom", Message: refused})
}

func (s *Server) updatePull(c *call) answer {
	var sent struct {
		Title, Body, State, Base *string
	}
	_ = json.Unmarshal(c.body, &sent)
	p := s.pull(c.number("pull_number"))
	if p == nil {
		return notFound()
	}
	if sent.Base != nil && *sent.Base != p.Base {
		return invalid(detail{Resource: "PullRequest", Field: "base", Code: "invalid"}) // nobody needs it yet
	}
	switch {
	case sent.State == nil:
	case *sent.State == "closed" && p.open():
		s.closePull(p, c.login)
	case *sent.State == "open" && !p.open():
		if err := s.reopen(p, c.login); err != nil {
			return invalid(detail{Resource: "PullRequest", Code: "invalid", Field: "state", Message: err.Error()})
		}
	}
	if sent.Title != nil {
		p.Title, p.Updated = *sent.Title, s.o.Now()
	}
	if sent.Body != nil {
		p.Body, p.Updated = *sent.Body, s.o.Now()
	}
	return ok(s.pullJSON(*p, "pull-request"))
}

func (s *Server) mergePull(c *call) answer {
	var sent struct {
		Title   string `json:"commit_title"`
		Message string `json:"commit_message"`
		Method  string `json:"merge_method"`
		SHA     string
	}
	_ = json.Unmarshal(c.body, &sent)
	p := s.pull(c.number("pull_number"))
	if p == nil {
		return notFound()
	}
	err := s.merge(p, c.login, sent.SHA, sent.Method, sent.Title, sent.Message)
	var refused *problem
	switch {
	case err == nil:
		return ok(object{"sha": p.Merge, "merged": true, "message": "Pull Request successfully merged"})
	case errors.As(err, &refused):
		return no(refused.status, refused.message)
	}
	s.t.Errorf("fake GitHub: merge pull request %d: %v", p.Number, err)
	return no(http.StatusInternalServerError, "Server Error")
}

func (s *Server) requestReviewers(c *call) answer {
	var sent struct {
		Reviewers []string
		Teams     []string `json:"team_reviewers"`
	}
	_ = json.Unmarshal(c.body, &sent)
	p := s.pull(c.number("pull_number"))
	if p == nil {
		return notFound()
	}
	if slices.Contains(sent.Reviewers, p.Author) {
		return no(http.StatusUnprocessableEntity, "Review cannot be requested from pull request author.")
	}
	stranger := func(login string) bool { return !s.isCollaborator(login) }
	unknown := func(team string) bool { return s.o.Teams[s.o.Owner+"/"+team] == nil }
	if slices.ContainsFunc(sent.Reviewers, stranger) || slices.ContainsFunc(sent.Teams, unknown) {
		return no(http.StatusUnprocessableEntity, "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not "+
			"a collaborator of the "+s.o.Owner+"/"+s.o.Name+" repository.")
	}
	add := func(list []string, more []string) []string {
		for _, one := range more {
			if !slices.Contains(list, one) {
				list = append(list, one)
			}
		}
		return list
	}
	p.Reviewers, p.Teams = add(p.Reviewers, sent.Reviewers), add(p.Teams, sent.Teams)
	return answer{http.StatusCreated, s.pullJSON(*p, "pull-request-simple")}
}

// isCollaborator tells whether somebody has a token or is in a team.
func (s *Server) isCollaborator(login string) bool {
	for _, user := range s.o.Users {
		if user == login {
			return true
		}
	}
	for _, members := range s.o.Teams {
		if slices.Contains(members, login) {
			return true
		}
	}
	return false
}

func (s *Server) pullsOfCommit(c *call) answer {
	commit, there := s.commit(c.vars["commit_sha"])
	if !there {
		return no(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.vars["commit_sha"])
	}
	var found []PullRequest
	for _, p := range s.listed() {
		if p.Merge == commit || p.Head == commit || s.contains(p.Head, commit) && !s.contains(p.baseCommit, commit) {
			found = append(found, p)
		}
	}
	return ok(each(page(c, found), func(p PullRequest) object { return s.pullJSON(p, "pull-request-simple") }))
}
