// Package demo is the command that tells the whole story on a laptop: from an empty folder to production and back, with a real Git remote,
// a real registry and the same commands a user types.
package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/registry"
)

// New returns the command.
func New(a *app.App) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Tell the whole story in a temporary folder: generate, build, check, deploy, promote, roll back",
		Long: "Demo makes a bare Git remote, a monorepo and a registry on loopback, and takes a generated service from its first commit to\n" +
			"production and back. Each step is the command a user would type. It needs Go and git, and leaves the folder for a look.",
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, dir) },
	}
	cmd.Flags().StringVar(&dir, "dir", "", "empty `folder` to work in (default: a temporary one)")
	return cmd
}

func run(ctx context.Context, a *app.App, dir string) error {
	dir, err := prepare(dir)
	if err != nil {
		return err
	}
	address, stop, err := registry.Serve(ctx)
	if err != nil {
		return fmt.Errorf("serve a registry: %w", err)
	}
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	start := a.Now()
	s := &story{a: a, ctx: ctx, self: self, remote: filepath.Join(dir, "remote.git"), repo: filepath.Join(dir, "monorepo"),
		registry: address + "/demo", platform: "linux/" + runtime.GOARCH}
	for _, scene := range s.scenes() {
		s.title(scene.title)
		scene.play()
		if s.err != nil {
			return fmt.Errorf("demo stopped at %q; the folder %s shows how far it came: %w", scene.title, dir, s.err)
		}
	}
	fmt.Fprintf(a.Out, "\n%s in %s, nothing faked. Left for a look: %s\n", a.Bold("Done"), a.Now().Sub(start).Round(100*time.Millisecond), dir)
	fmt.Fprintf(a.Out, "  git -C %s log --graph --oneline\n", s.repo)
	fmt.Fprintf(a.Out, "  bin/platform -C %s status        (or: go run ./cmd/platform -C …)\n", s.repo)
	fmt.Fprintf(a.Out, "  bin/platform -C %s render prod hello --ref HEAD~1\n", s.repo)
	return nil
}

// prepare returns an empty folder.
func prepare(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "platform-demo-")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) > 0 {
		return "", app.Usagef("folder %s is not empty; the demo writes only into an empty one", dir)
	}
	return filepath.Abs(dir)
}
