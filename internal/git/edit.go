package git

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Edit is a change to a tree: for each path the new content of a file, or of a whole folder, or its removal.
type Edit map[string]Content

// Content is what an edit puts at a path. The zero Content removes what is there.
type Content struct {
	File   []byte            // content of a regular file, when not nil
	Folder map[string][]byte // exactly these files, when not nil
}

// Apply returns the tree that results from an edit. What the edit does not name stays as it is, by hash.
func (r *Repository) Apply(tree Hash, edit Edit) (Hash, error) {
	root := &node{}
	for name, content := range edit {
		if err := root.set(name, content); err != nil {
			return ZeroHash, err
		}
	}
	hash, _, err := r.build(tree, root, ".")
	if err == nil && hash == ZeroHash {
		hash, err = r.writeTree(nil)
	}
	return hash, err
}

// node is one level of an edit.
type node struct {
	children map[string]*node
	content  *Content
}

// set puts content at a path below the node. A path cannot have content of its own and content below it.
func (n *node) set(name string, c Content) error {
	if !editable(name) {
		return fmt.Errorf("edit path %q is not a path inside the repository", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if n.content != nil {
			return fmt.Errorf("edit path %q lies below another path of the same edit", name)
		}
		if n.children == nil {
			n.children = map[string]*node{}
		}
		if n.children[part] == nil {
			n.children[part] = &node{}
		}
		n = n.children[part]
	}
	if n.children != nil {
		return fmt.Errorf("edit path %q lies above another path of the same edit", name)
	}
	n.content = &c
	return nil
}

// editable says whether Git would take a path into its index: names that a checkout could mistake for its own folder are refused.
func editable(name string) bool {
	if name == "." || !fs.ValidPath(name) || strings.ContainsRune(name, 0) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.EqualFold(part, ".git") || strings.EqualFold(part, "git~1") {
			return false
		}
	}
	return true
}

// build returns the entry that replaces old at a path. ZeroHash means: nothing is left, since Git has no empty folders.
func (r *Repository) build(old Hash, n *node, at string) (Hash, filemode.FileMode, error) {
	if n.content != nil {
		return r.buildContent(*n.content)
	}
	var entries []object.TreeEntry
	if old != ZeroHash {
		tree, err := r.tree(old)
		if err != nil {
			return ZeroHash, 0, err
		}
		entries = slices.Clone(tree.entries)
	}
	for name, child := range n.children {
		named := func(e object.TreeEntry) bool { return e.Name == name }
		i := slices.IndexFunc(entries, named)
		below := ZeroHash
		isFolder := i >= 0 && entries[i].Mode == filemode.Dir
		if isFolder {
			below = entries[i].Hash
		}
		hash, mode, err := r.build(below, child, path.Join(at, name))
		if err != nil {
			return ZeroHash, 0, err
		}
		if i >= 0 && !isFolder && child.content == nil {
			if hash == ZeroHash {
				continue // nothing to remove below a file
			}
			return ZeroHash, 0, fmt.Errorf("%s is not a folder: move it away to make room for files below it", path.Join(at, name))
		}
		entries = slices.DeleteFunc(entries, named)
		if hash != ZeroHash {
			entries = append(entries, object.TreeEntry{Name: name, Mode: mode, Hash: hash})
		}
	}
	if len(entries) == 0 {
		return ZeroHash, filemode.Dir, nil
	}
	hash, err := r.writeTree(entries)
	return hash, filemode.Dir, err
}

func (r *Repository) buildContent(c Content) (Hash, filemode.FileMode, error) {
	switch {
	case c.File != nil:
		hash, err := r.writeBlob(c.File)
		return hash, filemode.Regular, err
	case c.Folder != nil:
		folder := &node{}
		for name, content := range c.Folder {
			if content == nil {
				content = []byte{} // an empty file, where nil as Content.File would remove it
			}
			if err := folder.set(name, Content{File: content}); err != nil {
				return ZeroHash, 0, err
			}
		}
		return r.build(ZeroHash, folder, ".")
	default:
		return ZeroHash, filemode.Empty, nil
	}
}

func (r *Repository) writeBlob(content []byte) (Hash, error) {
	obj := r.objects.NewEncodedObject()
	obj.SetType(plumbing.BlobObject)
	w, err := obj.Writer()
	if err != nil {
		return ZeroHash, fmt.Errorf("write blob: %w", err)
	}
	if _, err := w.Write(content); err != nil {
		return ZeroHash, fmt.Errorf("write blob: %w", err)
	}
	return r.objects.SetEncodedObject(obj)
}

func (r *Repository) writeTree(entries []object.TreeEntry) (Hash, error) {
	slices.SortFunc(entries, func(a, b object.TreeEntry) int { return strings.Compare(sortKey(a), sortKey(b)) })
	tree := &object.Tree{Entries: entries}
	obj := r.objects.NewEncodedObject()
	if err := tree.Encode(obj); err != nil {
		return ZeroHash, fmt.Errorf("encode tree: %w", err)
	}
	return r.objects.SetEncodedObject(obj)
}

// sortKey is Git's order of tree entries: folders sort as if their name ended in a slash.
func sortKey(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}
