package synthetic

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
)

// Repository is what Write has made.
type Repository struct {
	Dir    string `json:"dir"`
	Source string `json:"source"` // commit that all state was released from
	Head   string `json:"head"`   // newest commit of main
	Files  int    `json:"files"`  // in the newest commit
}

// Write makes a bare repository with branch main in a new folder. It needs the git program, and memory that does not grow with the files: they
// are streamed to git fast-import.
func Write(ctx context.Context, dir string, o Options) (*Repository, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	return write(ctx, dir, o, &stream{begin: epoch, interval: time.Minute}, func(s *stream, r *Repository) error { return s.repository(ctx, o, r) })
}

// write makes the repository, and has the commits streamed to git fast-import.
func write(ctx context.Context, dir string, o Options, s *stream, commits func(*stream, *Repository) error) (*Repository, error) {
	initialise := exec.CommandContext(ctx, "git", "init", "-q", "--bare", "--template=", "--initial-branch=main", dir)
	if out, err := initialise.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make a repository at %s: %w\n%s", dir, err, out)
	}
	var complaints bytes.Buffer
	importer := exec.CommandContext(ctx, "git", "fast-import", "--quiet", "--done")
	importer.Dir, importer.Stderr = dir, &complaints
	in, err := importer.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := importer.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := importer.Start(); err != nil {
		return nil, fmt.Errorf("start git fast-import: %w", err)
	}
	s.w, s.answers = bufio.NewWriterSize(in, 1<<16), bufio.NewReader(answers)
	r := &Repository{Dir: dir, Files: o.Files()}
	err = commits(s, r)
	err = errors.Join(err, in.Close())
	if waited := importer.Wait(); waited != nil { // it says why; that its input broke off says nothing
		err = fmt.Errorf("git fast-import: %w\n%s", waited, complaints.Bytes())
	}
	if err != nil {
		return nil, fmt.Errorf("write a repository to %s: %w", dir, err)
	}
	return r, nil
}

// stream speaks the language of git fast-import. Errors of writing stick to w and show when it is flushed.
type stream struct {
	w        *bufio.Writer
	answers  *bufio.Reader
	commits  int
	begin    time.Time // when the first commit was made
	interval time.Duration
}

// found makes the first two commits: the sources, and a release of each service in all environments.
func (s *stream) found(ctx context.Context, o Options, r *Repository, platform []byte) (err error) {
	s.commit("Add the services")
	for file, content := range o.Sources() {
		if file == config.FileName {
			content = platform
		}
		s.file(file, content)
	}
	if r.Source, err = s.last(); err != nil {
		return err
	}
	files, err := o.State(ctx, r.Source)
	if err != nil {
		return err
	}
	s.commit(fmt.Sprintf("Deploy %d services to %d environments", o.Services, o.Environments))
	for file, content := range files {
		s.file(file, content)
	}
	return nil
}

func (s *stream) repository(ctx context.Context, o Options, r *Repository) (err error) {
	if err := s.found(ctx, o, r, o.platform()); err != nil {
		return err
	}
	for n := 2; n < o.History; n++ {
		i := n % o.Services
		s.commit(fmt.Sprintf("Describe change %d of %s", n, Service(i)))
		s.file(ServiceDir(i)+"/README.md", fmt.Appendf(nil, "# %s\n\nOwned by %s. Change %d.\n", Service(i), team(i), n))
	}
	if r.Head, err = s.last(); err != nil {
		return err
	}
	fmt.Fprintln(s.w, "done")
	return s.w.Flush()
}

// commit begins a commit on top of main. Its mark is its number, counted from 1.
func (s *stream) commit(message string) {
	when := s.begin.Add(time.Duration(s.commits) * s.interval).Unix()
	s.commits++
	fmt.Fprintf(s.w, "commit refs/heads/main\nmark :%d\ncommitter Ada Author <ada@example.com> %d +0000\ndata %d\n%s\n", s.commits, when, len(message), message)
}

func (s *stream) file(name string, content []byte) {
	fmt.Fprintf(s.w, "M 100644 inline %s\ndata %d\n", name, len(content))
	_, _ = s.w.Write(content)
	fmt.Fprintln(s.w)
}

// last ends the commit and returns its id.
func (s *stream) last() (string, error) {
	fmt.Fprintf(s.w, "\nget-mark :%d\n", s.commits)
	if err := s.w.Flush(); err != nil {
		return "", err
	}
	id, err := s.answers.ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return strings.TrimSpace(id), err
}
