package github

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// act does something to a pull request as a person.
func (s *Server) act(number int, do func(*PullRequest) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pull(number)
	if p == nil {
		return fmt.Errorf("there is no pull request %d", number)
	}
	s.follow(s.o.App)
	if err := do(p); err != nil {
		return fmt.Errorf("pull request %d: %w", number, err)
	}
	s.follow(s.o.App)
	s.wrote()
	return nil
}

// Open opens a pull request by a person for a branch that is there.
func (s *Server) Open(login, title, body, branch, base string) (number int, err error) {
	return s.openAs(PullRequest{Title: title, Body: body, Branch: branch, Base: base, Author: login})
}

// OpenFork opens a pull request from a fork, owner/name, whose branch has a commit that is in this repository.
func (s *Server) OpenFork(login, title, fork, branch, commit, base string) (number int, err error) {
	return s.openAs(PullRequest{Title: title, Fork: fork, Branch: branch, Head: commit, Base: base, Author: login})
}

func (s *Server) openAs(p PullRequest) (number int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow(s.o.App)
	made, refusal := s.openPull(p)
	if made == nil {
		return 0, fmt.Errorf("open a pull request of %s: %s", p.Branch, refusal)
	}
	s.wrote()
	return made.Number, nil
}

// Merge merges a pull request by merge, squash or rebase. A person is held to the required checks too.
func (s *Server) Merge(number int, login, method string) error {
	return s.act(number, func(p *PullRequest) error { return s.merge(p, login, "", method, "", "") })
}

// Close closes a pull request.
func (s *Server) Close(number int, login string) error {
	return s.act(number, func(p *PullRequest) error {
		if !p.open() {
			return fmt.Errorf("it is closed")
		}
		s.closePull(p, login)
		return nil
	})
}

// Reopen opens a closed pull request again, whose branch has to be there.
func (s *Server) Reopen(number int, login string) error {
	return s.act(number, func(p *PullRequest) error { return s.reopen(p, login) })
}

func (s *Server) reopen(p *PullRequest, login string) error {
	heads := s.branches()
	head, there := heads[p.Branch]
	if p.Fork != "" {
		head, there = p.Head, true
	}
	base, baseThere := heads[p.Base]
	switch {
	case p.open(), p.Merged:
		return fmt.Errorf("it is not closed, or merged")
	case !there, !baseThere:
		return fmt.Errorf("its branch %s or its base %s is gone", p.Branch, p.Base)
	case s.contains(base, head):
		return fmt.Errorf("there are no commits between %s and %s", p.Base, p.Branch)
	case slices.ContainsFunc(s.pulls, func(other *PullRequest) bool {
		return other.open() && other.Branch == p.Branch && other.Fork == p.Fork && other.Base == p.Base
	}):
		return fmt.Errorf("a pull request already exists for %s", s.label(*p))
	}
	p.State, p.Closed, p.baseCommit = "open", time.Time{}, base
	s.setHead(p, head)
	s.happened(p, login, "reopened", "")
	return nil
}

// Edit gives a pull request a title and a body.
func (s *Server) Edit(number int, title, body string) error {
	return s.act(number, func(p *PullRequest) error {
		p.Title, p.Body, p.Updated = title, body, s.o.Now()
		return nil
	})
}

// SetDraft makes a pull request a draft, or ready for review.
func (s *Server) SetDraft(number int, login string, draft bool) error {
	return s.act(number, func(p *PullRequest) error {
		if p.Draft != draft {
			s.setDraft(p, login, draft)
		}
		return nil
	})
}

// EnableAutoMerge has a pull request merged by merge, squash or rebase once it may be.
func (s *Server) EnableAutoMerge(number int, login, method string) error {
	return s.act(number, func(p *PullRequest) error {
		p.AutoMerge, p.autoMerger = method, login
		s.happened(p, login, "auto_merge_enabled", "")
		return nil
	})
}

// Label puts a label on a pull request.
func (s *Server) Label(number int, login, label string) error {
	return s.act(number, func(p *PullRequest) error {
		s.addLabel(p, login, label)
		return nil
	})
}

// Unlabel takes a label off a pull request.
func (s *Server) Unlabel(number int, login, label string) error {
	return s.act(number, func(p *PullRequest) error {
		if !s.removeLabel(p, login, label) {
			return fmt.Errorf("it has no label %s", label)
		}
		return nil
	})
}

// Comment writes a comment on a pull request.
func (s *Server) Comment(number int, login, body string) error {
	return s.act(number, func(*PullRequest) error {
		s.addComment(number, login, body)
		return nil
	})
}

// Push moves a branch as a push would: from an old commit to a new one. An empty old commit is that of a branch which is not there, an empty new one
// deletes it. The reference may be a branch's name or begin with refs/.
func (s *Server) Push(login, ref, old, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow(s.o.App) // what was moved before is not by this person
	if !strings.HasPrefix(ref, "refs/") {
		ref = "refs/heads/" + ref
	}
	args := []string{"update-ref", ref, to, old}
	if to == "" {
		args = []string{"update-ref", "-d", ref, old}
	}
	if _, err := s.run(login, "", args...); err != nil {
		return fmt.Errorf("push %s: %w", ref, err)
	}
	s.follow(login)
	s.wrote()
	return nil
}

// PullRequests returns all pull requests, open or not, in the order of their numbers.
func (s *Server) PullRequests() []PullRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow(s.o.App)
	list := make([]PullRequest, len(s.pulls))
	for i, p := range s.pulls {
		list[i] = p.clone()
	}
	return list
}

// SetStatus gives a commit a status, such as success or pending, by its context.
func (s *Server) SetStatus(sha, context, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = append(s.statuses, status{s.nextID(), sha, context, state, s.o.Now()})
	s.follow(s.o.App)
	s.wrote()
}

// SetCheckRun gives a commit a new check run, which is in progress where it has no conclusion.
func (s *Server) SetCheckRun(sha, name, conclusion string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := &checkRun{id: s.nextID(), Name: name, HeadSHA: sha, Status: "in_progress", app: "ci", started: s.o.Now()}
	if conclusion != "" {
		run.Status, run.Conclusion, run.CompletedAt = "completed", conclusion, s.o.Now().UTC().Format(time.RFC3339)
	}
	s.runs = append(s.runs, run)
	s.follow(s.o.App)
	s.wrote()
}

// Deployments returns all deployments, the oldest first.
func (s *Server) Deployments() []Deployment {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Deployment, len(s.deployments))
	for i, d := range s.deployments {
		list[i] = *d
		list[i].Statuses = slices.Clone(d.Statuses)
	}
	return list
}

// SetDeploymentState gives a deployment a status.
func (s *Server) SetDeploymentState(id int64, state string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deployment(id)
	if d == nil {
		s.t.Errorf("there is no deployment %d", id)
		return
	}
	s.addState(d, DeploymentStatus{State: state, Creator: s.o.App})
	s.wrote()
}
