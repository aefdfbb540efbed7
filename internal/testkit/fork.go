package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Fork returns a remote with the same objects and references, which moves on its own. Settings are lines of its Git configuration, such as
// "[uploadpack]\nallowFilter = false"; they come after those of NewRemote.
func (r *Remote) Fork(t testing.TB, settings string) *Remote {
	t.Helper()
	fork := NewRemote(t)
	fork.append("objects/info/alternates", filepath.Join(r.Dir, "objects")+"\n")
	fork.append("packed-refs", r.Git("for-each-ref", "--format=%(objectname) %(refname)")+"\n")
	fork.append("config", settings+"\n")
	return fork
}

func (r *Remote) append(name, text string) {
	r.t.Helper()
	name = filepath.Join(r.Dir, name)
	before, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, append(before, text...), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// Import makes history of a stream for git fast-import, thousands of commits in one process, and returns the id of each of its marks, such as ":1".
func (r *Remote) Import(stream string) map[string]string {
	r.t.Helper()
	list := filepath.Join(r.t.TempDir(), "marks")
	var stderr strings.Builder
	cmd := exec.Command("git", "fast-import", "--quiet", "--export-marks="+list)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stderr = r.Dir, gitEnv(Epoch), strings.NewReader(stream), &stderr
	if err := cmd.Run(); err != nil {
		r.t.Fatalf("git fast-import: %v\n%s", err, stderr.String())
	}
	content, err := os.ReadFile(list)
	if err != nil {
		r.t.Fatal(err)
	}
	marks := map[string]string{}
	for line := range strings.Lines(string(content)) {
		mark, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		marks[mark] = id
	}
	return marks
}
