package delivery

import (
	"context"
	"fmt"

	"github.com/org/platform/internal/git"
)

// Merged returns what a branch that left another one at a commit becomes when it is merged onto it now: file by file, as a merge without conflicts does
// it. The commit is made nowhere but here. Where both changed a file it is refused.
func (d *Delivery) Merged(ctx context.Context, onto, start, branch *git.Commit) (*git.Commit, error) {
	changes, err := d.Repo.Changes(ctx, start.TreeHash, branch.TreeHash)
	if err != nil {
		return nil, err
	}
	edit := git.Edit{}
	there, here := d.Repo.Tree(onto.TreeHash), d.Repo.Tree(branch.TreeHash)
	for _, c := range changes {
		if isFolder(c.Before) && isFolder(c.After) { // its files are listed too
			continue
		}
		now, err := there.Entry(c.Path)
		if err != nil {
			return nil, err
		}
		switch {
		case now == c.After:
			continue
		case now != c.Before:
			return nil, refusef("%s was changed on both sides since %.12s: merge %.12s into the branch first", c.Path, start.Hash, onto.Hash)
		case isFolder(c.After):
			edit[c.Path] = git.Content{}
			continue
		case c.After.Kind != git.File:
			return nil, refusef("%s is no regular file: merge %.12s into the branch first", c.Path, onto.Hash)
		}
		content, err := here.ReadFile(c.Path)
		if err != nil {
			return nil, err
		}
		edit[c.Path] = git.Content{File: append([]byte{}, content...)} // not nil where it is empty
	}
	tree, err := d.Repo.Apply(onto.TreeHash, edit)
	if err != nil {
		return nil, fmt.Errorf("merge %.12s onto %.12s: %w", branch.Hash, onto.Hash, err)
	}
	return d.Repo.CommitTree(tree, []git.Hash{onto.Hash, branch.Hash}, "Merge")
}

// isFolder says whether an entry is nothing by itself: a folder, or not there.
func isFolder(e git.Entry) bool { return e.Kind == git.Folder || e.Kind == git.Absent }
