package github

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// backend serves a repository below its folder's name.
func backend(program, dir string) http.Handler {
	return &cgi.Handler{Path: program, Args: []string{"http-backend"}, Dir: dir, Stderr: io.Discard,
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
			"GIT_PROJECT_ROOT=" + filepath.Dir(dir), "GIT_HTTP_EXPORT_ALL=1"}}
}

// serveGit serves the repository at /owner/name, with .git or without.
func (s *Server) serveGit(w http.ResponseWriter, r *http.Request, login string) {
	rest, inside := strings.CutPrefix(r.URL.Path, "/"+s.o.Owner+"/"+s.o.Name)
	rest = strings.TrimPrefix(rest, ".git")
	if !inside || !strings.HasPrefix(rest, "/") {
		http.NotFound(w, r)
		return
	}
	if strings.HasSuffix(rest, "/info/refs") {
		s.Sync()
	}
	moved := r.Clone(r.Context())
	moved.URL.Path, moved.URL.RawPath = "/"+filepath.Base(s.dir)+rest, ""
	s.git.ServeHTTP(w, moved)
	if strings.HasSuffix(rest, "/git-receive-pack") {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.follow(login)
		s.wrote()
	}
}

// run starts git in the repository and returns its output without the last line break.
func (s *Server) run(author, input string, args ...string) (string, error) {
	date := s.o.Now().UTC().Format(time.RFC3339)
	var stderr strings.Builder
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stderr, cmd.Stdin = s.dir, &stderr, strings.NewReader(input)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "LC_ALL=C", "TZ=UTC", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=" + author, "GIT_AUTHOR_EMAIL=" + author + "@users.noreply.github.com", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=GitHub", "GIT_COMMITTER_EMAIL=noreply@github.com", "GIT_COMMITTER_DATE=" + date}
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// must returns the output of a git that has no reason to fail.
func (s *Server) must(args ...string) string {
	s.t.Helper()
	out, err := s.run("GitHub", "", args...)
	if err != nil {
		s.t.Errorf("fake GitHub: %v", err)
	}
	return out
}

// branches returns the commits of all branches. It reads the files: every request needs it, and a git for each would take most of the time.
func (s *Server) branches() map[string]string {
	const heads = "refs/heads/"
	commits := map[string]string{}
	packed, err := os.ReadFile(filepath.Join(s.dir, "packed-refs"))
	if err != nil && !os.IsNotExist(err) {
		s.t.Errorf("fake GitHub: %v", err)
	}
	for line := range strings.Lines(string(packed)) {
		if id, ref, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(ref, heads) {
			commits[strings.TrimPrefix(ref, heads)] = id
		}
	}
	root := filepath.Join(s.dir, heads)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".lock") {
			return ignoreMissing(err)
		}
		id, err := os.ReadFile(path)
		if name, relErr := filepath.Rel(root, path); err == nil && relErr == nil {
			commits[filepath.ToSlash(name)] = strings.TrimSpace(string(id))
		}
		return ignoreMissing(err)
	})
	if err != nil {
		s.t.Errorf("fake GitHub: %v", err)
	}
	return commits
}

// ignoreMissing leaves out what is being deleted.
func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// setRef writes a reference of a pull request, which nobody else does.
func (s *Server) setRef(name, commit string) {
	file := filepath.Join(s.dir, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file+".new", []byte(commit+"\n"), 0o644)
	}
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		s.t.Errorf("fake GitHub: %v", err)
	}
}

// commit returns the id of a commit, a branch or a tag.
func (s *Server) commit(ref string) (id string, found bool) {
	if strings.HasPrefix(ref, "-") {
		return "", false
	}
	id, err := s.run("GitHub", "", "rev-parse", "-q", "--verify", ref+"^{commit}")
	return id, err == nil
}

// contains tells whether a history has a commit.
func (s *Server) contains(history, commit string) bool {
	if history == commit {
		return true
	}
	_, err := s.run("GitHub", "", "merge-base", "--is-ancestor", commit, history)
	return err == nil
}
