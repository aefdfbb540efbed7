package github

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) pullRef(p *PullRequest, name string) string {
	return "refs/pull/" + strconv.Itoa(p.Number) + "/" + name
}

// Sync makes pull requests, refs/pull/N/head and refs/pull/N/merge fit the branches. Every request does so where it matters; call it after moving branches in
// the repository itself, past the server.
func (s *Server) Sync() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow(s.o.App)
	for _, p := range s.pulls {
		if p.open() {
			s.tryMerge(p)
		}
	}
}

// tryMerge makes refs/pull/N/merge what a merge would be.
func (s *Server) tryMerge(p *PullRequest) {
	parents := p.baseCommit + " " + p.Head
	if p.testParents == parents {
		return
	}
	p.testParents, p.testMerge, p.conflicts = parents, "", true
	if tree, clean := s.mergedTree(p.baseCommit, p.Head); clean {
		p.conflicts = false
		p.testMerge, _ = s.run("GitHub", "", "commit-tree", tree, "-p", p.baseCommit, "-p", p.Head, "-m", "Merge "+p.Head+" into "+p.baseCommit)
		s.setRef(s.pullRef(p, "merge"), p.testMerge)
	}
}

// mergedTree merges two commits, without a working tree.
func (s *Server) mergedTree(ours, theirs string) (tree string, clean bool) {
	out, err := s.run("GitHub", "", "merge-tree", "--write-tree", ours, theirs)
	return out, err == nil
}

// problem is why the server does not do what it is asked.
type problem struct {
	status  int
	message string
}

func (p *problem) Error() string { return p.message }

// merge merges a pull request, of the given head where one is given.
func (s *Server) merge(p *PullRequest, login, head, method, title, message string) error {
	s.follow(login)
	if err := s.mergeNow(p, login, head, method, title, message); err != nil {
		return err
	}
	s.follow(login)
	return nil
}

func (s *Server) mergeNow(p *PullRequest, login, head, method, title, message string) error {
	switch {
	case !p.open(), p.Draft && p.open():
		return &problem{http.StatusMethodNotAllowed, "Pull Request is not mergeable"}
	case head != "" && head != p.Head:
		return &problem{http.StatusConflict, "Head branch was modified. Review and try the merge again."}
	}
	for _, name := range s.o.RequiredChecks {
		if !s.succeeded(p.Head, name) {
			return &problem{http.StatusMethodNotAllowed, fmt.Sprintf("Required status check %q is expected.", name)}
		}
	}
	commit, clean, err := s.mergeCommit(p, login, method, title, message)
	if err != nil {
		return err
	}
	if !clean {
		return &problem{http.StatusMethodNotAllowed, "Pull Request is not mergeable"}
	}
	if _, err := s.run(login, "", "update-ref", "refs/heads/"+p.Base, commit, p.baseCommit); err != nil {
		return &problem{http.StatusMethodNotAllowed, "Base branch was modified. Review and try the merge again."}
	}
	s.markMerged(p, login, commit)
	if s.o.DeleteBranchOnMerge && p.Fork == "" {
		s.must("update-ref", "-d", "refs/heads/"+p.Branch)
	}
	return nil
}

func (s *Server) mergeCommit(p *PullRequest, login, method, title, message string) (commit string, clean bool, err error) {
	if method == "rebase" {
		return s.rebase(p)
	}
	tree, clean := s.mergedTree(p.baseCommit, p.Head)
	if !clean {
		return "", false, nil
	}
	parents := []string{"-p", p.baseCommit}
	defaultTitle, defaultMessage := fmt.Sprintf("Merge pull request #%d from %s", p.Number, strings.Replace(s.label(*p), ":", "/", 1)), p.Title
	switch method {
	case "", "merge":
		parents = append(parents, "-p", p.Head)
	case "squash":
		defaultTitle, defaultMessage = s.squashed(p)
	default:
		return "", false, &problem{http.StatusUnprocessableEntity, "Invalid merge method " + method}
	}
	if title == "" {
		title = defaultTitle
	}
	if message == "" {
		message = defaultMessage
	}
	commit, err = s.run(login, strings.TrimSpace(title+"\n\n"+message)+"\n", append([]string{"commit-tree", tree, "-F", "-"}, parents...)...)
	return commit, err == nil, err
}

// squashed is the message that GitHub gives a squash: of the only commit, or a list of all.
func (s *Server) squashed(p *PullRequest) (title, message string) {
	commits := s.own(p)
	if len(commits) == 1 {
		subject, body, _ := strings.Cut(s.must("log", "-1", "--format=%B", commits[0]), "\n")
		return fmt.Sprintf("%s (#%d)", subject, p.Number), strings.TrimSpace(body)
	}
	var list []string
	for _, commit := range commits {
		list = append(list, "* "+strings.TrimSpace(s.must("log", "-1", "--format=%B", commit)))
	}
	return fmt.Sprintf("%s (#%d)", p.Title, p.Number), strings.Join(list, "\n\n")
}

// own are the commits that a pull request brings, the oldest first.
func (s *Server) own(p *PullRequest) []string {
	return strings.Fields(s.must("rev-list", "--reverse", "--no-merges", "--topo-order", p.baseCommit+".."+p.Head))
}

// rebase makes the pull request's commits anew on the base.
func (s *Server) rebase(p *PullRequest) (commit string, clean bool, err error) {
	commit = p.baseCommit
	for _, source := range s.own(p) {
		tree, clean := s.picked(commit, source)
		if !clean {
			return "", false, nil
		}
		raw := s.must("cat-file", "commit", source)
		header, message, _ := strings.Cut(raw, "\n\n")
		lines := strings.Split(header, "\n")
		author := lines[slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "author ") })]
		now := strconv.FormatInt(s.o.Now().Unix(), 10)
		made := "tree " + tree + "\nparent " + commit + "\n" + author + "\ncommitter GitHub <noreply@github.com> " + now + " +0000\n\n" + message + "\n"
		if commit, err = s.run("GitHub", made, "hash-object", "-w", "-t", "commit", "--stdin"); err != nil {
			return "", false, err
		}
	}
	return commit, true, nil
}

// picked returns the tree of a commit with the changes of another. Both get a common parent: before Git 2.40 merge-tree takes no base.
func (s *Server) picked(onto, source string) (tree string, clean bool) {
	parent := s.must("rev-parse", source+"^1")
	ours := s.must("commit-tree", onto+"^{tree}", "-p", parent, "-m", "ours")
	theirs := s.must("commit-tree", source+"^{tree}", "-p", parent, "-m", "theirs")
	return s.mergedTree(ours, theirs)
}

// mergeWaiting merges a pull request that has all it waited for, and says whether there was one.
func (s *Server) mergeWaiting() bool {
	for _, p := range s.pulls {
		if p.open() && p.AutoMerge != "" && s.mergeNow(p, p.autoMerger, "", p.AutoMerge, "", "") == nil {
			return true
		}
	}
	return false
}

// ready tells whether a pull request has all checks that are required.
func (s *Server) ready(p *PullRequest) bool {
	for _, name := range s.o.RequiredChecks {
		if !s.succeeded(p.Head, name) {
			return false
		}
	}
	return true
}

// unstable tells whether a check of a pull request is not successful, be it required or not.
func (s *Server) unstable(p *PullRequest) bool {
	for _, one := range s.latestStatuses(p.Head) {
		if !s.succeeded(p.Head, one.context) {
			return true
		}
	}
	for _, run := range s.latestRuns(p.Head) {
		if !s.succeeded(p.Head, run.Name) {
			return true
		}
	}
	return false
}
