package delivery_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
)

// Whatever a change makes of the state, it passes only where each cell is as it was or, as a whole, as promote would write it.
func TestVerifyLetsNothingElsePass(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a", "b")
	f.sync()
	base := f.clone.Git("rev-parse", "HEAD")
	before := f.remote.Files("main", "environments")
	promoted := map[string]map[string]string{}
	for _, component := range []string{"a", "b"} {
		promoted["environments/prod/"+component+"/"] = f.remote.Files("promote/prod/"+component, "environments/prod/"+component)
	}
	d := withoutClone(t, f.remote.URL())
	d.Now = func() time.Time { return soaked }
	hash, err := d.Repo.FetchCommit(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := d.Repo.Commit(hash)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, environment := range []string{"dev", "staging", "prod"} {
		for _, component := range []string{"a", "b", "c"} {
			for _, name := range []string{"release.yaml", "manifests.yaml", "kustomization.yaml", "more.yaml"} {
				files = append(files, fmt.Sprintf("environments/%s/%s/%s", environment, component, name))
			}
		}
	}
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		edit, after := git.Edit{}, maps.Clone(before)
		write := func(file, content string) {
			after[file], edit[file] = content, git.Content{File: []byte(content)}
		}
		for _, cell := range rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(promoted))), 0, 2, rapid.ID).Draw(t, "promoted") {
			for file, content := range promoted[cell] {
				write(file, content)
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "edits") {
			file := rapid.SampledFrom(files).Draw(t, "file")
			switch content, there := after[file]; {
			case there && rapid.Bool().Draw(t, "remove"):
				delete(after, file)
				edit[file] = git.Content{}
			case there:
				at := rapid.IntRange(0, len(content)-1).Draw(t, "at")
				write(file, content[:at]+rapid.SampledFrom([]string{"", " ", "x", "0", "\n", "#"}).Draw(t, "in its place")+content[at+1:])
			default:
				write(file, after[rapid.SampledFrom(slices.Sorted(maps.Keys(before))).Draw(t, "copied")])
			}
		}
		tree, err := d.Repo.Apply(commit.TreeHash, edit)
		if err != nil {
			t.Fatal(err)
		}
		v, err := d.Verify(context.Background(), delivery.VerifyOptions{Base: commit, Head: &git.Commit{Hash: commit.Hash, TreeHash: tree}})
		if err != nil {
			t.Fatal(err)
		}
		want := allowed(before, after, promoted)
		if got := finding.Errors(v.Problems) == 0; got != want {
			t.Fatalf("passes: %v, want %v\n%s", got, want, told(v))
		}
		for _, c := range v.Cells {
			if !c.OK && finding.Errors(v.Problems) == 0 {
				t.Fatalf("%s/%s is not right and nothing says so", c.Environment, c.Component)
			}
		}
		if want && len(v.Cells) > 0 {
			passed++
		}
	})
	if passed == 0 {
		t.Error("no promotion came by")
	}
}

// allowed says whether each cell is as before, or as promoted.
func allowed(before, after map[string]string, promoted map[string]map[string]string) bool {
	at := func(files map[string]string, cell string) map[string]string {
		return maps.Collect(func(yield func(string, string) bool) {
			for file, content := range files {
				if strings.HasPrefix(file, cell) && !yield(file, content) {
					return
				}
			}
		})
	}
	for file := range maps.All(merged(before, after)) {
		cell := file[:strings.LastIndex(file, "/")+1]
		now := at(after, cell)
		if !maps.Equal(now, at(before, cell)) && !(promoted[cell] != nil && maps.Equal(now, promoted[cell])) {
			return false
		}
	}
	return true
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
