package git

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"pgregory.net/rapid"
)

// store writes files as trees and returns the root.
func (f *fake) files(files map[string]string) Hash {
	folders := map[string]map[string]string{}
	var items []item
	for name, content := range files {
		if first, rest, nested := strings.Cut(name, "/"); nested {
			if folders[first] == nil {
				folders[first] = map[string]string{}
			}
			folders[first][rest] = content
			continue
		}
		items = append(items, item{"100644", name, f.blob(content)})
	}
	for name, below := range folders {
		items = append(items, item{"40000", name, f.files(below)})
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.sortKey(), b.sortKey()) })
	return f.tree(items...)
}

func (i item) sortKey() string {
	if i.mode == "40000" {
		return i.name + "/"
	}
	return i.name
}

// matches is what Prefetch says of its patterns, written down once more.
func matches(pattern, name []string) bool {
	switch {
	case len(pattern) == 0:
		return len(name) == 0
	case pattern[0] == everything && len(pattern) == 1:
		return len(name) > 0
	case pattern[0] == everything:
		return matches(pattern[1:], name) || (len(name) > 0 && matches(pattern, name[1:]))
	case len(name) == 0:
		return false
	}
	ok, _ := path.Match(pattern[0], name[0])
	return ok && matches(pattern[1:], name[1:])
}

// TestPrefetch draws trees and patterns: what they mean is here afterwards and all there is to know of a name is too, and nobody asks more often than
// there are levels.
func TestPrefetch(t *testing.T) {
	t.Parallel()
	part := rapid.SampledFrom([]string{"a", "b", "ab", "c"})
	rapid.Check(t, func(rt *rapid.T) {
		files := map[string]string{}
		for i := range rapid.IntRange(1, 25).Draw(rt, "files") {
			name := strings.Join(rapid.SliceOfN(part, 1, 5).Draw(rt, "name"), "/")
			if apart(name, files) {
				files[name] = fmt.Sprint(i % 20)
			}
		}
		pattern := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "*", "a*", "?", "[ab]", "**", "**", "none", "["}), 1, 4)
		var patterns []string
		for range rapid.IntRange(1, 4).Draw(rt, "patterns") {
			patterns = append(patterns, strings.Join(pattern.Draw(rt, "pattern"), "/"))
		}
		f := newFake()
		root := f.files(files)
		repo := f.open(t)
		if err := repo.Tree(root).Prefetch(t.Context(), patterns...); err != nil {
			rt.Fatal(err)
		}
		most := 6
		if slices.ContainsFunc(patterns, func(p string) bool { return path.Base(p) == everything }) {
			most *= 2 // folders with all that is below them take a request of their own
		}
		if n := len(f.requests()); n > most {
			rt.Fatalf("%d requests for %q", n, patterns)
		}
		wanted := map[string]bool{} // contents
		for name, content := range files {
			parts := strings.Split(name, "/")
			if slices.ContainsFunc(patterns, func(p string) bool { return matches(strings.Split(p, "/"), parts) }) {
				wanted[content] = true
				if got, err := repo.Tree(root).ReadFile(name); err != nil || string(got) != content {
					rt.Fatalf("%s reads %q, %v, want %q", name, got, err, content)
				}
			}
		}
		if asked := f.requests(); len(asked) > 0 {
			rt.Fatalf("%q left %v to be asked for", patterns, asked)
		}
		for _, content := range files {
			blob := plumbing.ComputeHash(plumbing.BlobObject, []byte(content))
			if !wanted[content] && len(repo.objects.lacking([]Hash{blob})) == 0 {
				rt.Fatalf("%q brought %s, which nobody wants", patterns, content)
			}
		}
	})
}

// apart says whether a path is neither above, nor below, nor one of those taken.
func apart(name string, taken map[string]string) bool {
	for other := range taken {
		if other == name || strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
			return false
		}
	}
	return true
}

// TestPrefetchOfManyPaths names every file of a large tree.
func TestPrefetchOfManyPaths(t *testing.T) {
	t.Parallel()
	f := newFake()
	files := map[string]string{}
	for i := range 2000 {
		files[fmt.Sprintf("services/s%d/deploy/overlays/dev/file", i)] = fmt.Sprint(i)
	}
	root := f.files(files)
	for _, patterns := range [][]string{slices.Collect(maps.Keys(files)), {"services/*/deploy/**"}, {"**/file"}} {
		repo := f.open(t)
		if err := repo.Tree(root).Prefetch(t.Context(), patterns...); err != nil {
			t.Fatal(err)
		}
		asked := f.requests()
		if len(asked) > 7 || len(repo.objects.lacking([]Hash{f.blob("0"), f.blob("1999")})) > 0 {
			t.Errorf("%d requests for %q and others", len(asked), patterns[0])
		}
	}
}

// TestPrefetchOfBomb has folders that hold the same folder over and over: ten to the power of twenty paths, of twenty objects.
func TestPrefetchOfBomb(t *testing.T) {
	t.Parallel()
	f := newFake()
	root := f.tree(item{"100644", "leaf", f.blob("leaf")})
	for range 20 {
		var items []item
		for i := range 10 {
			items = append(items, item{"40000", fmt.Sprint("d", i), root})
		}
		root = f.tree(items...)
	}
	for _, pattern := range []string{"**", "**/leaf", "*/**", "**/d1/**/d2/**/leaf", strings.Repeat("*/", 20) + "leaf", strings.Repeat("d?/", 5) + "**", "**/**/**/leaf"} {
		repo := f.open(t)
		if err := repo.Tree(root).Prefetch(t.Context(), pattern); err != nil {
			t.Fatal(err)
		}
		got, err := repo.Tree(root).ReadFile(strings.Repeat("d2/", 10) + strings.Repeat("d1/", 10) + "leaf")
		if err != nil || string(got) != "leaf" {
			t.Errorf("%s: the leaf reads %q, %v", pattern, got, err)
		}
		if asked := f.requests(); len(asked) > 22 {
			t.Errorf("%s: %d requests", pattern, len(asked))
		}
	}
}

// TestPrefetchFails where an object is missing: what was not there is no error, what did not come is.
func TestPrefetchFails(t *testing.T) {
	t.Parallel()
	f := newFake()
	missing := NewHash(strings.Repeat("1", 40))
	root := f.tree(item{"40000", "lost", missing}, item{"100644", "here", f.blob("here")}, item{"160000", "module", missing})
	for pattern, want := range map[string]bool{"here": true, "module": true, "module/x": true, "none/**": true, "lost": true, "lost/x": false, "lost/**": false, "**/x": false} {
		err := f.open(t).Tree(root).Prefetch(t.Context(), pattern)
		if (err == nil) != want {
			t.Errorf("%s: %v", pattern, err)
		}
		if remote := new(RemoteError); err != nil && !errors.As(err, &remote) {
			t.Errorf("%s: %v is no error of the remote", pattern, err)
		}
	}
}
