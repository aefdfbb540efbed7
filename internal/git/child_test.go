package git_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// Tests start this test program again as a child that plays a part: a run of its own, which can be killed or kept short of disk.
const (
	childPart    = "GIT_TEST_PART"
	childOptions = "GIT_TEST_OPTIONS"
)

// task is what a child is to do.
type task struct {
	URL, Cache string
	Name       string // the file to write; empty: read all
	FileLimit  uint64 // bytes of the largest file it may write; 0 is no limit
}

// told is what a child has to say.
type told struct {
	Files   map[string]string
	Commit  string
	Notices []string
	Error   string
}

// command returns the command that starts a child.
func (c task) command(t testing.TB) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	options, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	part := "read"
	if c.Name != "" {
		part = "write"
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childPart+"="+part, childOptions+"="+string(options))
	return cmd
}

// run has a child do it and returns what it said.
func (c task) run(t testing.TB) (said told) {
	t.Helper()
	out, err := c.command(t).Output()
	if err == nil {
		err = json.Unmarshal(out, &said)
	}
	if err != nil {
		t.Errorf("child: %v\n%s", err, out)
	}
	return said
}

func child(part string) int {
	var c task
	err := json.Unmarshal([]byte(os.Getenv(childOptions)), &c)
	if err == nil && c.FileLimit > 0 {
		signal.Ignore(syscall.SIGXFSZ)
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: c.FileLimit, Max: c.FileLimit})
	}
	var said told
	if err == nil {
		err = c.do(context.Background(), part, &said)
	}
	if err != nil {
		said.Error = err.Error()
	}
	if json.NewEncoder(os.Stdout).Encode(said) != nil {
		return 1
	}
	return 0
}

func (c task) do(ctx context.Context, part string, said *told) error {
	repo, err := git.Open(ctx, git.Options{
		URL: c.URL, Cache: c.Cache, Committer: robot,
		Now:    func() time.Time { return testkit.Epoch.Add(time.Hour) },
		Notice: func(format string, args ...any) { said.Notices = append(said.Notices, fmt.Sprintf(format, args...)) },
	})
	if err != nil {
		return err
	}
	if part == "write" {
		commit, err := repo.Update(ctx, "main", put(c.Name, c.Name, "write "+c.Name))
		if commit != nil {
			said.Commit = commit.Hash.String()
		}
		return err
	}
	said.Files, err = readMain(ctx, repo)
	return err
}

// readMain reads all files of the newest commit and, one by one, some of the oldest one's.
func readMain(ctx context.Context, repo *git.Repository) (map[string]string, error) {
	tip, err := repo.Tip(ctx, "main")
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for ancestors := 0; ; ancestors++ {
		tree := repo.Tree(tip.TreeHash)
		if err := tree.Prefetch(ctx, "**"); err != nil {
			return nil, err
		}
		var paths []string
		if paths, err = filesOf(tree, "."); err != nil {
			return nil, err
		}
		for _, name := range paths {
			content, err := tree.ReadFile(name)
			if err != nil {
				return nil, err
			}
			files[fmt.Sprintf("%d/%s", ancestors, name)] = string(content)
		}
		if len(tip.Parents) == 0 {
			return files, nil
		}
		if tip, err = repo.Commit(tip.Parents[0]); err != nil {
			return nil, err
		}
	}
}

func filesOf(tree *git.Tree, dir string) (paths []string, err error) {
	entries, err := tree.ReadDir(dir)
	for _, e := range entries {
		name := strings.TrimPrefix(dir+"/"+e.Name(), "./")
		if !e.IsDir() {
			paths = append(paths, name)
			continue
		}
		below, err := filesOf(tree, name)
		if err != nil {
			return nil, err
		}
		paths = append(paths, below...)
	}
	return paths, err
}
