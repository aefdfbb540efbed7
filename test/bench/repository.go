package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/synthetic"
)

// The sizes that most scenarios use.
const (
	environments = 3
	history      = 50 // commits, so that a release that runs was made from a commit a while ago
	fewServices  = 40 // what fits into 1,000 files
)

// remote is a synthetic monorepo on the host.
type remote struct {
	synthetic.Repository
	bench    *bench
	url      string
	services int
}

// remote makes a monorepo of that many services and files. A process of its own writes it: it links kustomize, and the harness must stay small.
func (b *bench) remote(ctx context.Context, name string, services, files, commits int) (*remote, error) {
	size, err := synthetic.Options{Services: services, Environments: environments, History: commits}.Filled(files)
	if err != nil {
		return nil, err
	}
	b.progress("writing %s: %s files, %s services, %s commits", name, number(files), number(services), number(commits))
	write := exec.CommandContext(ctx, b.self, "-generate", filepath.Join(b.host.root, name+".git"), "-services", strconv.Itoa(size.Services),
		"-environments", strconv.Itoa(size.Environments), "-filler", strconv.Itoa(size.Filler), "-history", strconv.Itoa(size.History))
	var complaints tail
	write.Env, write.Stderr = b.environment(), &complaints
	out, err := write.Output()
	if err != nil {
		return nil, fmt.Errorf("write repository %s: %w\n%s", name, err, complaints.Bytes())
	}
	var written synthetic.Repository
	if err := json.Unmarshal(out, &written); err != nil {
		return nil, fmt.Errorf("write repository %s: %w", name, err)
	}
	return b.adopt(ctx, &written, services)
}

// adopt puts a repository in the folder of the host at the host's disposal.
func (b *bench) adopt(ctx context.Context, written *synthetic.Repository, services int) (*remote, error) {
	url, err := b.host.serve(ctx, b, written.Dir)
	return &remote{Repository: *written, bench: b, url: url, services: services}, err
}

// commit makes a commit in the bare repository that writes one file on top of main, as the tip of a branch, and returns its id.
func (r *remote) commit(ctx context.Context, branch, path, content string) (string, error) {
	b := r.bench
	parent, err := b.git(ctx, r.Dir, "rev-parse", "main")
	if err != nil {
		return "", err
	}
	input := fmt.Sprintf("commit refs/heads/%s\ncommitter Ada Author <ada@example.com> now\ndata 6\nChange\nfrom %s\nM 100644 inline %s\ndata %d\n%s\n",
		branch, parent, path, len(content), content)
	cmd := exec.CommandContext(ctx, "git", "fast-import", "--quiet", "--date-format=now")
	cmd.Dir, cmd.Env, cmd.Stdin = r.Dir, b.environment(), strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("change %s: %w\n%s", path, err, out)
	}
	return b.git(ctx, r.Dir, "rev-parse", branch)
}

// deployed fails where the state of main does not run an image in dev.
func (r *remote) deployed(ctx context.Context, image release.Image) error {
	return r.has(ctx, "environments/dev/"+image.Name+"/"+state.ReleaseFile, image)
}

// edited fails where an overlay for dev does not name an image, as the usual script leaves it.
func (r *remote) edited(ctx context.Context, image release.Image) error {
	return r.has(ctx, "services/"+image.Name+"/deploy/overlays/dev/kustomization.yaml", image)
}

func (r *remote) has(ctx context.Context, file string, image release.Image) error {
	content, err := r.bench.git(ctx, r.Dir, "show", "main:"+file)
	if err != nil {
		return err
	}
	if !strings.Contains(content, image.Digest) {
		return fmt.Errorf("%s of main does not have %s: the deploy is lost", file, image.Digest)
	}
	return nil
}

// commits returns the number of commits that came to main since the repository was written.
func (r *remote) commits(ctx context.Context) (int64, error) {
	out, err := r.bench.git(ctx, r.Dir, "rev-list", "--count", r.Head+"..main")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(out, 10, 64)
}
