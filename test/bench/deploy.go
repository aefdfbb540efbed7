package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/org/platform/internal/release"
)

// deploy is one deploy by our binary, from nothing but a URL. cache is the folder of the object cache.
func (b *bench) deploy(r *remote, image release.Image, cache string) process {
	return process{
		dir: filepath.Join(b.dir, "home"), // no repository
		env: []string{"PLATFORM_CACHE=" + cache},
		args: append(b.binary("deploy"), "--repository", r.url, "--ref", "main", "--component", image.Name, "--image", image.Reference(),
			"--env", "dev"),
	}
}

// script is one deploy by the usual script.
func (b *bench) script(r *remote, image release.Image, dir string) process {
	return process{dir: dir, args: []string{"sh", filepath.Join(b.bin, "deploy.sh"), r.url, image.Name, image.Reference()}}
}

// measureDeploy deploys and then looks whether it is there.
func (b *bench) measureDeploy(ctx context.Context, r *remote, image release.Image, cache string) (sample, error) {
	s, err := b.run(ctx, b.deploy(r, image, cache))
	if err != nil {
		return s, err
	}
	return s, r.deployed(ctx, image)
}

// measureScript does the same with the script, which checks out below root. The checkout is removed without being measured.
func (b *bench) measureScript(ctx context.Context, r *remote, image release.Image, root string) (sample, error) {
	dir, err := b.fresh(root)
	if err != nil {
		return sample{}, err
	}
	s, err := b.run(ctx, b.script(r, image, dir))
	if err != nil {
		return s, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return s, err
	}
	return s, r.edited(ctx, image)
}
