// Package workspace opens what commands work on: a clone or a remote, its configuration and its catalog.
package workspace

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
)

// Options say which files to look at.
type Options struct {
	Ref             string // revision; empty: the working tree where WorkingTree is set, else HEAD
	WorkingTree     bool   // look at the files on disk, committed or not
	Repository      string // a remote to work on without a clone
	Remote          string
	Token           string
	NoComponentsYet bool
}

// Flags adds the flags of commands that reach the remote.
func (o *Options) Flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Repository, "repository", "",
		"`URL or path` of a repository to work on without a clone of it (default: the clone of the working directory)")
	cmd.Flags().StringVar(&o.Remote, "remote", "", "`name, URL or path` of the clone's remote (default origin, else the clone itself)")
	cmd.Flags().StringVar(&o.Token, "token", "", "token for an https remote (default $GITHUB_TOKEN, for the host of $GITHUB_SERVER_URL alone)")
}

// Workspace is an opened platform repository.
type Workspace struct {
	Repo   *git.Repository
	Root   string      // folder of the working tree
	Ref    string      // the revision looked at, as asked for
	Files  fs.FS       // the files looked at
	Commit *git.Commit // the commit of Files, nil for the working tree
	Config *config.Platform
	Token  string // that was given for the remote; empty: that of the environment

	ctx             context.Context // of Files, which reads a remote where there is no clone
	noComponentsYet bool
	catalog         *catalog.Catalog
}

// Open opens the repository of the working directory, or the remote that the options name. In a workflow which checked nothing out it
// opens the repository and the commit that the workflow runs for.
func Open(ctx context.Context, a *app.App, o Options) (*Workspace, error) {
	repo, err := openRepository(ctx, a, &o)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Repo: repo, Root: repo.Root(), Ref: o.Ref, Token: o.Token, ctx: ctx, noComponentsYet: o.NoComponentsYet}
	if err := w.openFiles(o); err != nil {
		return nil, err
	}
	if err := w.prefetch(config.FileName); err != nil {
		return nil, err
	}
	w.Config, err = config.Load(w.Files, config.Options{NoComponentsYet: true})
	return w, err
}

func openRepository(ctx context.Context, a *app.App, o *Options) (*git.Repository, error) {
	if o.Repository != "" && o.Remote != "" {
		return nil, app.Usagef("--repository works without a clone, --remote is one of a clone: give one of them")
	}
	options := git.Options{
		Dir: a.Dir, Remote: o.Remote, Now: a.Now, Committer: committer(a), Author: author(a), Cache: a.CacheDir(), Notice: a.Notice,
	}
	options.Token, options.TokenHost = o.Token, ""
	if o.Token == "" {
		options.Token, options.TokenHost = a.Getenv("GITHUB_TOKEN"), a.Runner.ServerHost()
	}
	a.Runner.Mask(options.Token)
	if o.Repository != "" {
		options.URL = o.Repository
		return git.Open(ctx, options)
	}
	repo, err := git.Open(ctx, options)
	if errors.Is(err, git.ErrNoRepository) && a.Runner.RepositoryURL() != "" {
		options.URL = a.Runner.RepositoryURL()
		if o.Ref == "" {
			o.Ref = a.Runner.Commit()
		}
		return git.Open(ctx, options)
	}
	return repo, err
}

func (w *Workspace) openFiles(o Options) error {
	if o.WorkingTree && o.Ref == "" && w.Root != "" {
		root, err := os.OpenRoot(w.Root) // follows no symlink out of the repository
		if err != nil {
			return err
		}
		w.Files = root.FS()
		return nil
	}
	if o.Ref == "" {
		o.Ref = "HEAD"
	}
	commit, err := w.Repo.Resolve(w.ctx, o.Ref)
	if err != nil {
		return err
	}
	w.Commit, w.Files = commit, w.Repo.Tree(commit.TreeHash)
	return nil
}

// prefetch makes paths of Files readable in few round trips.
func (w *Workspace) prefetch(patterns ...string) error {
	if tree, ok := w.Files.(*git.Tree); ok {
		return tree.Prefetch(w.ctx, patterns...)
	}
	return nil
}

// PrefetchOverlays makes the overlays of all components readable in some commits, in few round trips, where the clone does not have them.
func (w *Workspace) PrefetchOverlays(commits ...*git.Commit) error {
	if w.Repo.Complete() {
		return nil
	}
	patterns := []string{config.FileName}
	for _, glob := range w.Config.Spec.Components {
		patterns = append(patterns, path.Join(glob, config.CatalogFile), path.Join(glob, "deploy/**"))
	}
	var roots []git.Hash
	for _, c := range commits {
		roots = append(roots, c.TreeHash)
	}
	return w.Repo.Prefetch(w.ctx, roots, patterns...)
}

// Catalog returns all components. Problems in their files are a finding.Problems.
func (w *Workspace) Catalog() (*catalog.Catalog, error) {
	if w.catalog != nil {
		return w.catalog, nil
	}
	var files []string
	for _, glob := range w.Config.Spec.Components {
		files = append(files, path.Join(glob, config.CatalogFile))
	}
	if err := w.prefetch(files...); err != nil {
		return nil, err
	}
	if _, err := config.Load(w.Files, config.Options{NoComponentsYet: w.noComponentsYet}); err != nil {
		return nil, err // a glob matches nothing: to find that out, all folders had to be looked at
	}
	c, err := catalog.Load(w.Files, w.Config.Spec.Components)
	if err != nil {
		return nil, err
	}
	if err := w.Config.CheckComponents(w.Files, c.Names()); err != nil {
		return nil, err
	}
	w.catalog = c
	return c, nil
}

// Component finds a component by name; an unknown one is a usage error with the nearest names. Where the folder has the component's name, as
// most do, only that one is read.
func (w *Workspace) Component(name string) (catalog.Component, error) {
	if w.catalog == nil {
		candidates := catalog.Candidates(w.Config.Spec.Components, name)
		if err := w.prefetch(candidates...); err != nil {
			return catalog.Component{}, err
		}
		if c, found := catalog.Lookup(w.Files, candidates, name); found {
			return c, nil
		}
	}
	all, err := w.Catalog()
	if err != nil {
		return catalog.Component{}, err
	}
	c, err := all.Find(name)
	if err != nil {
		return c, &app.UsageError{Err: err}
	}
	return c, nil
}

// Environment finds an environment by name; an unknown one is a usage error with the nearest names.
func (w *Workspace) Environment(name string) (config.Environment, error) {
	env, known := w.Config.Environment(name)
	if !known {
		return env, &app.UsageError{Err: &config.UnknownEnvironmentError{Name: name, Known: w.Config.EnvironmentNames()}}
	}
	return env, nil
}

// committer is who commits state: Git's own variables, else the toolkit.
func committer(a *app.App) git.Identity {
	who := git.Identity{Name: a.Getenv("GIT_COMMITTER_NAME"), Email: a.Getenv("GIT_COMMITTER_EMAIL")}
	if who.Name == "" || who.Email == "" {
		who = git.Identity{Name: "platform[bot]", Email: "platform[bot]@users.noreply.github.com"}
	}
	return who
}

// author is who state commits are by: Git's own variables, else nobody but the committer.
func author(a *app.App) git.Identity {
	who := git.Identity{Name: a.Getenv("GIT_AUTHOR_NAME"), Email: a.Getenv("GIT_AUTHOR_EMAIL")}
	if who.Name == "" || who.Email == "" {
		return git.Identity{}
	}
	return who
}
