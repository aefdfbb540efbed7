package overlays

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/git"
)

// drawSet makes up a Set as a program could have left it.
func drawSet(t *rapid.T) *Set {
	name := rapid.StringMatching(`[a-c.\-é]{1,3}`)
	paths := []string{""}
	for range rapid.IntRange(0, 20).Draw(t, "paths") {
		p, folder := name.Draw(t, "name"), rapid.SampledFrom(paths).Draw(t, "folder")
		switch {
		case strings.HasSuffix(folder, "/"):
			continue
		case rapid.IntRange(0, 5).Draw(t, "listing") == 0:
			p = folder + "/"
		case folder != "":
			p = folder + "/" + p
		}
		paths = append(paths, p)
	}
	slices.SortFunc(paths, treeOrder)
	table, err := newTable(slices.Compact(paths))
	if err != nil {
		t.Fatal(err)
	}
	id := rapid.Custom(func(t *rapid.T) (h git.Hash) {
		copy(h[:], rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "id"))
		return h
	})
	for i := range table.paths {
		if table.kinds[i] = rapid.SampledFrom([]git.Kind{git.Absent, git.File, git.Folder, git.Symlink}).Draw(t, "kind"); table.kinds[i] != git.Absent {
			table.ids[i] = id.Draw(t, "id")
		}
	}
	lookups := func() []lookup {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lookup {
			return lookup(rapid.IntRange(0, 2*len(table.paths)-1).Draw(t, "lookup"))
		}), 0, 5).Draw(t, "lookups")
		slices.Sort(list)
		return list
	}
	s := &Set{tree: id.Draw(t, "tree"), table: table}
	s.platform = platform{environments: rapid.SliceOfN(name, 0, 3).Draw(t, "environments"),
		remoteBases: rapid.SliceOfN(name, 0, 3).Draw(t, "bases"), again: rapid.Bool().Draw(t, "again"), group: group{lookups: lookups()}}
	s.platform.components = make([]component, rapid.IntRange(0, 3).Draw(t, "components"))
	for i := range s.platform.components {
		s.platform.components[i] = component{fmt.Sprint("c", i), name.Draw(t, "path")}
	}
	s.pairs = make([]pair, len(s.platform.components)*len(s.platform.environments))
	for i := range s.pairs {
		p := pair{state: rapid.SampledFrom([]state{none, rendered, failed}).Draw(t, "state"), again: rapid.Bool().Draw(t, "again"), dir: name.Draw(t, "dir"),
			group: group{lookups: lookups()}}
		if p.state == rendered {
			p.digest = sha256.Sum256([]byte(p.dir))
		}
		s.pairs[i] = p
	}
	return s
}

func TestIndexRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := drawSet(rt)
		data := encode(want)
		got, err := decode(data)
		if err != nil {
			rt.Fatal(err)
		}
		if !bytes.Equal(encode(got), data) || !reflect.DeepEqual(got.table, want.table) || len(got.pairs) != len(want.pairs) {
			rt.Fatalf("want %+v, got %+v", want, got)
		}
		// Damage of any kind is noticed.
		cut := rapid.IntRange(0, len(data)-1).Draw(rt, "cut")
		if _, err := decode(data[:cut]); err == nil {
			rt.Fatalf("an index of %d bytes was believed when cut off at %d", len(data), cut)
		}
		flipped := slices.Clone(data)
		flipped[cut] ^= rapid.SampledFrom([]byte{1, 0x20, 0x80, 0xff}).Draw(rt, "bits")
		if _, err := decode(flipped); err == nil {
			rt.Fatalf("an index was believed with byte %d damaged", cut)
		}
		if _, err := decode(append(data, 0)); err == nil {
			rt.Fatal("an index was believed with a byte too many")
		}
	})
}

// FuzzDecode looks for an index that is sound by its sum and yet breaks the program.
func FuzzDecode(f *testing.F) {
	for i := range 20 {
		data := encode(rapid.Custom(drawSet).Example(i))
		f.Add(data[len(header) : len(data)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append([]byte(header), body...)
		sum := sha256.Sum256(data)
		s, err := decode(append(data, sum[:]...))
		if err != nil {
			return
		}
		for i := range s.table.paths {
			if next := s.table.next[i]; next <= i || next > len(s.table.paths) {
				t.Errorf("path %d of %d is followed by %d", i, len(s.table.paths), next)
			}
		}
		for i := range s.pairs {
			for _, l := range append(s.pairs[i].lookups, s.platform.lookups...) {
				_ = s.table.paths[l.index()]
			}
			_ = s.overlay(i)
		}
	})
}

func TestTreeOrder(t *testing.T) {
	t.Parallel()
	want := []string{"", "/", "a", "a/", "a/b", "a/b/c", "a/b-c", "a!", "a-", "a.b", "ab", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, treeOrder)
	if !slices.Equal(want, got) {
		t.Errorf("want %q, got %q", want, got)
	}
	for _, paths := range [][]string{nil, {"a"}, {"", "a/b"}, {"", "b", "a"}, {"", "a", "a"}, {"", "a", "a/", "a//b"}, {"", "/", "//"}, {"", "a", "b/c"}} {
		if _, err := newTable(paths); err == nil {
			t.Errorf("%q is taken for a table", paths)
		}
	}
}
