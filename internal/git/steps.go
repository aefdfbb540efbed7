package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Step is a commit of a first-parent line, and what it changed two levels below a folder.
type Step struct {
	*Commit
	When    time.Time    // it came: by its own clock, but no earlier than what it came on top of
	Changes []PathChange // by path; what differs within a folder is not looked into
}

// Steps walks the first-parent line from a commit backwards and yields those commits since a time which changed something two levels below a folder,
// such as <folder>/a/b, newest first. It compares trees, so that it does not matter how a commit came about. The walk ends a day of commits before
// that time, since clocks are not that wrong.
func (r *Repository) Steps(ctx context.Context, from Hash, folder string, since time.Time) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		w := &steps{repo: r, folder: path.Clean(folder), before: map[Hash][]byte{}, now: map[Hash][]byte{}}
		commit, err := r.Commit(from)
		if err == nil {
			err = r.window(ctx, commit, w.pattern())
		}
		if err != nil {
			yield(Step{}, err)
			return
		}
		end := since.AddDate(0, 0, -1)
		for walk := r.lineFrom(commit); ; {
			var when time.Time
			if when, err = walk.when(ctx); err != nil || when.Before(end) {
				break
			}
			var parent *Commit
			if parent, err = walk.next(ctx, w.pattern()); err != nil {
				break
			}
			var changes []PathChange
			if changes, err = w.compare(parent, commit); err != nil {
				break
			}
			if len(changes) > 0 && !when.Before(since) && !yield(Step{commit, when, changes}, nil) || parent == nil {
				return
			}
			commit = parent
		}
		if err != nil {
			yield(Step{}, err)
		}
	}
}

// steps is a walk. Of the folders it looked at, which are many and large, it keeps those of two commits: most of a commit's are its parent's too.
type steps struct {
	repo        *Repository
	folder      string
	before, now map[Hash][]byte
}

// pattern is what Prefetch needs to load the two levels.
func (w *steps) pattern() string { return w.folder + "/*/*" }

// compare returns what differs between the folder in a commit and in its parent; nil is a parent without anything.
func (w *steps) compare(parent, commit *Commit) ([]PathChange, error) {
	w.before, w.now = w.now, map[Hash][]byte{}
	w.forget(w.before)
	old, err := w.at(parent)
	if err != nil {
		return nil, err
	}
	now, err := w.at(commit)
	if err != nil || old == now {
		return nil, err
	}
	var changes []PathChange
	err = w.each(old.folder(), now.folder(), func(name string, before, after Entry) error {
		return w.each(before.folder(), after.folder(), func(below string, before, after Entry) error {
			changes = append(changes, PathChange{path.Join(w.folder, name, below), before, after})
			return nil
		})
	})
	slices.SortFunc(changes, func(a, b PathChange) int { return strings.Compare(a.Path, b.Path) })
	return changes, err
}

// at returns what lies at the folder's place in a commit.
func (w *steps) at(commit *Commit) (Entry, error) {
	if commit == nil {
		return Entry{}, nil
	}
	entry := Entry{Folder, commit.TreeHash}
	for part := range strings.SplitSeq(w.folder, "/") {
		content, err := w.tree(entry.folder())
		if err != nil {
			return Entry{}, err
		}
		entry = Entry{}
		for rest := content; len(rest) > 0; {
			var e rawEntry
			if e, rest, err = nextEntry(rest); err != nil {
				return Entry{}, err
			}
			if string(e.name) == part {
				entry = e.entry()
				break
			}
		}
	}
	return entry, nil
}

// each calls a function for every name that has another entry in one folder than in the other.
func (w *steps) each(before, after Hash, differs func(name string, before, after Entry) error) error {
	if before == after {
		return nil
	}
	a, err := w.tree(before)
	if err != nil {
		return err
	}
	b, err := w.tree(after)
	if err != nil {
		return err
	}
	old, now, err := differingEntries(a, b)
	if err != nil {
		return err
	}
	for name, e := range old {
		if now[name] != e {
			err = differs(name, e, now[name])
		}
		if err != nil {
			return err
		}
	}
	for name, e := range now {
		if _, known := old[name]; !known {
			err = differs(name, Entry{}, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tree returns the content of a tree object as Git stores it. It is not decoded as a whole: most of its entries are of no interest.
func (w *steps) tree(h Hash) ([]byte, error) {
	if h == ZeroHash || h == emptyTree {
		return nil, nil
	}
	content, kept := w.now[h]
	if !kept {
		content, kept = w.before[h]
	}
	if !kept {
		obj, err := w.repo.object(plumbing.TreeObject, h)
		if err != nil {
			return nil, fmt.Errorf("tree %s: %w", h, err)
		}
		reader, err := obj.Reader()
		if err != nil {
			return nil, fmt.Errorf("tree %s: %w", h, err)
		}
		defer reader.Close()
		if content, err = io.ReadAll(reader); err != nil {
			return nil, fmt.Errorf("tree %s: %w", h, err)
		}
	}
	w.now[h] = content
	return content, nil
}

// forget drops decoded trees that a window has loaded: they would be kept for ever, and there may be one for each commit.
func (w *steps) forget(trees map[Hash][]byte) {
	w.repo.treesMu.Lock()
	defer w.repo.treesMu.Unlock()
	for h := range trees {
		delete(w.repo.trees, h)
	}
}

// rawEntry is an entry of a tree as Git stores it.
type rawEntry struct{ mode, name, hash []byte }

func (e rawEntry) entry() Entry {
	var entry Entry
	copy(entry.Hash[:], e.hash)
	mode, err := filemode.New(string(e.mode))
	if entry.Kind = kindOf(mode); err != nil {
		entry.Kind = Unreadable
	}
	return entry
}

// nextEntry splits off the first entry of a tree: mode, blank, name, NUL, hash.
func nextEntry(content []byte) (e rawEntry, rest []byte, err error) {
	mode, rest, found := bytes.Cut(content, []byte{' '})
	name, rest, ended := bytes.Cut(rest, []byte{0})
	if !found || !ended || len(rest) < len(ZeroHash) {
		return e, nil, errors.New("a tree is cut off")
	}
	return rawEntry{mode, name, rest[:len(ZeroHash)]}, rest[len(ZeroHash):], nil
}

// differingEntries returns the entries of two trees by name, without most of those that are the same.
func differingEntries(a, b []byte) (old, now map[string]Entry, err error) {
	old, now = map[string]Entry{}, map[string]Entry{}
	for len(a) > 0 && len(b) > 0 {
		inA, restA, err := nextEntry(a)
		if err != nil {
			return nil, nil, err
		}
		length := len(a) - len(restA)
		if len(b) >= length && bytes.Equal(a[:length], b[:length]) {
			a, b = restA, b[length:]
			continue
		}
		inB, restB, err := nextEntry(b)
		if err != nil {
			return nil, nil, err
		}
		if !bytes.Equal(inA.name, inB.name) {
			break // from here on their order says nothing
		}
		old[string(inA.name)], now[string(inB.name)] = inA.entry(), inB.entry()
		a, b = restA, restB
	}
	return old, now, errors.Join(addEntries(old, a), addEntries(now, b))
}

// addEntries adds the entries of a tree. Of several entries of a name the first counts, as everywhere.
func addEntries(to map[string]Entry, content []byte) error {
	for len(content) > 0 {
		e, rest, err := nextEntry(content)
		if err != nil {
			return err
		}
		if _, known := to[string(e.name)]; !known {
			to[string(e.name)] = e.entry()
		}
		content = rest
	}
	return nil
}

// Blob returns the content of a file by its object id.
func (r *Repository) Blob(h Hash) ([]byte, error) { return r.blob(h) }
