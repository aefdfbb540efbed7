package github

import (
	"slices"
	"strings"
	"time"
)

// PullRequest is a pull request as the server has it.
type PullRequest struct {
	Number                   int
	Title, Body              string
	Branch, Head             string // the branch that it brings, and that branch's commit
	Base                     string // the branch that it is for
	Fork                     string // owner/name of the repository that has Branch; empty: this one
	Draft                    bool
	AutoMerge                string // the method by which it is merged in time; empty: it is not
	Labels, Reviewers, Teams []string
	Author                   string
	State                    string // open or closed
	Merged                   bool
	MergedBy, Merge          string // who merged it, and into which commit
	Created, Updated, Closed time.Time

	baseCommit  string // of Base, when it was looked at last
	autoMerger  string // who enabled AutoMerge
	testMerge   string // the commit that refs/pull/N/merge has
	testParents string // of what
	conflicts   bool
}

func (p *PullRequest) clone() PullRequest {
	c := *p
	c.Labels, c.Reviewers, c.Teams = slices.Clone(p.Labels), slices.Clone(p.Reviewers), slices.Clone(p.Teams)
	return c
}

func (p *PullRequest) open() bool { return p.State == "open" }

// pull returns a pull request, or nil.
func (s *Server) pull(number int) *PullRequest {
	if number < 1 || number > len(s.pulls) {
		return nil
	}
	return s.pulls[number-1]
}

// openPull makes a pull request; the second result says why there is none.
func (s *Server) openPull(p PullRequest) (*PullRequest, string) {
	heads := s.branches()
	var there bool
	if p.baseCommit, there = heads[p.Base]; !there {
		return nil, "base is invalid"
	}
	if p.Fork == "" {
		if p.Head, there = heads[p.Branch]; !there {
			return nil, "head is invalid"
		}
	}
	for _, other := range s.pulls {
		if other.open() && other.Branch == p.Branch && other.Fork == p.Fork && other.Base == p.Base {
			return nil, "A pull request already exists for " + s.label(p) + "."
		}
	}
	if s.contains(p.baseCommit, p.Head) {
		return nil, "No commits between " + p.Base + " and " + p.Branch
	}
	if p.Draft && s.o.NoDrafts {
		return nil, "Draft pull requests are not supported in this repository."
	}
	p.Number, p.State, p.Created, p.Updated = len(s.pulls)+1, "open", s.o.Now(), s.o.Now()
	s.pulls = append(s.pulls, &p)
	s.setRef(s.pullRef(&p, "head"), p.Head)
	return &p, ""
}

// label is how GitHub names a branch: with its owner.
func (s *Server) label(p PullRequest) string {
	owner, _, fork := strings.Cut(p.Fork, "/")
	if !fork {
		owner = s.o.Owner
	}
	return owner + ":" + p.Branch
}

// follow makes the pull requests fit the branches, which somebody moved, and merges what waited for it.
func (s *Server) follow(login string) {
	for again := true; again; {
		heads := s.branches()
		for _, p := range s.pulls {
			if p.open() {
				s.followOne(p, heads, login)
			}
		}
		again = s.mergeWaiting()
	}
}

func (s *Server) followOne(p *PullRequest, heads map[string]string, login string) {
	base, baseThere := heads[p.Base]
	head, headThere := p.Head, true
	if p.Fork == "" {
		head, headThere = heads[p.Branch]
	}
	switch {
	case !baseThere:
		s.closePull(p, login)
	case !headThere && base != p.baseCommit && s.contains(base, p.Head):
		s.markMerged(p, login, s.bringer(base, p.Head))
	case !headThere:
		s.closePull(p, login)
	case head == p.Head && base == p.baseCommit:
	case head != p.Head && s.contains(p.baseCommit, head): // it was moved back
		s.setHead(p, head)
		s.closePull(p, login)
	case s.contains(base, head):
		s.setHead(p, head)
		s.markMerged(p, login, s.bringer(base, head))
	default:
		s.setHead(p, head)
		p.baseCommit = base
	}
}

func (s *Server) setHead(p *PullRequest, head string) {
	if head != p.Head {
		p.Head, p.Updated = head, s.o.Now()
		s.setRef(s.pullRef(p, "head"), head)
	}
}

// bringer returns the first commit of a branch itself that has a head.
func (s *Server) bringer(base, head string) string {
	commits := strings.Fields(s.must("rev-list", "--first-parent", "--ancestry-path", head+".."+base))
	if len(commits) == 0 || s.must("rev-parse", commits[len(commits)-1]+"^1") == head {
		return head // the branch was moved to it
	}
	return commits[len(commits)-1]
}

func (s *Server) closePull(p *PullRequest, login string) {
	p.State, p.Closed, p.Updated, p.AutoMerge = "closed", s.o.Now(), s.o.Now(), ""
	s.happened(p, login, "closed", "")
}

func (s *Server) markMerged(p *PullRequest, login, commit string) {
	p.State, p.Merged, p.MergedBy, p.Merge, p.AutoMerge, p.Closed, p.Updated = "closed", true, login, commit, "", s.o.Now(), s.o.Now()
	s.happened(p, login, "merged", "")
	s.happened(p, login, "closed", "")
}

// event is something that happened to a pull request.
type event struct {
	id          int64
	name, actor string
	label       string
	at          time.Time
}

func (s *Server) happened(p *PullRequest, login, name, label string) {
	s.events[p.Number] = append(s.events[p.Number], event{s.nextID(), name, login, label, s.o.Now()})
	p.Updated = s.o.Now()
}

func (s *Server) addLabel(p *PullRequest, login, label string) {
	if !slices.ContainsFunc(p.Labels, func(l string) bool { return strings.EqualFold(l, label) }) {
		p.Labels = append(p.Labels, label)
		s.happened(p, login, "labeled", label)
	}
}

func (s *Server) removeLabel(p *PullRequest, login, label string) bool {
	i := slices.IndexFunc(p.Labels, func(l string) bool { return strings.EqualFold(l, label) })
	if i < 0 {
		return false
	}
	s.happened(p, login, "unlabeled", p.Labels[i])
	p.Labels = slices.Delete(p.Labels, i, i+1)
	return true
}

func (s *Server) setDraft(p *PullRequest, login string, draft bool) {
	name := "ready_for_review"
	if draft {
		name = "convert_to_draft"
		p.AutoMerge = ""
	}
	p.Draft = draft
	s.happened(p, login, name, "")
}
