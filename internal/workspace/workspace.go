// Package workspace opens what commands work on: a clone, its configuration and its catalog.
package workspace

import (
	"io/fs"
	"os"

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
	Remote          string
	Token           string
	NoComponentsYet bool
}

// Flags adds the flags of commands that reach the remote.
func (o *Options) Flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Remote, "remote", "", "`name, URL or path` of the remote (default origin, else the clone itself)")
	cmd.Flags().StringVar(&o.Token, "token", "", "token for an https remote (default $GITHUB_TOKEN)")
}

// Workspace is an opened platform repository.
type Workspace struct {
	Repo    *git.Repository
	Root    string      // folder of the working tree
	Files   fs.FS       // the files looked at
	Commit  *git.Commit // the commit of Files, nil for the working tree
	Config  *config.Platform
	Catalog *catalog.Catalog
}

// Open opens the repository of the working directory.
func Open(a *app.App, o Options) (*Workspace, error) {
	if o.Token == "" {
		o.Token = a.Getenv("GITHUB_TOKEN")
	}
	a.Runner.Mask(o.Token)
	repo, err := git.Open(git.Options{Dir: a.Dir, Remote: o.Remote, Token: o.Token, Now: a.Now, Identity: identity(a)})
	if err != nil {
		return nil, err
	}
	w := &Workspace{Repo: repo, Root: repo.Root()}
	if err := w.openFiles(o); err != nil {
		return nil, err
	}
	if w.Config, err = config.Load(w.Files, config.Options{NoComponentsYet: o.NoComponentsYet}); err != nil {
		return nil, err
	}
	w.Catalog, err = catalog.Load(w.Files, w.Config.Spec.Components)
	return w, err
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
	commit, err := w.Repo.Resolve(o.Ref)
	if err != nil {
		return err
	}
	w.Commit, w.Files = commit, w.Repo.Tree(commit.TreeHash)
	return nil
}

// identity is who state commits are by: Git's own variables, else the toolkit.
func identity(a *app.App) git.Identity {
	who := git.Identity{Name: a.Getenv("GIT_COMMITTER_NAME"), Email: a.Getenv("GIT_COMMITTER_EMAIL")}
	if who.Name == "" || who.Email == "" {
		who = git.Identity{Name: "platform[bot]", Email: "platform[bot]@users.noreply.github.com"}
	}
	return who
}

// Component finds a component by name; an unknown one is a usage error with the nearest names.
func (w *Workspace) Component(name string) (catalog.Component, error) {
	c, err := w.Catalog.Find(name)
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
