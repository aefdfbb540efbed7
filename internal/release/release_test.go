package release_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/release"
)

const (
	commit = "0123456789abcdef0123456789abcdef01234567"
	other  = "fedcba9876543210fedcba9876543210fedcba98"
)

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func hello() release.Release {
	return release.New("hello", release.Source{Commit: commit, Path: "services/hello"}, []release.Image{
		{Name: "sidecar", NewName: "ghcr.io/org/sidecar", Digest: digest("b")},
		{Name: "hello", NewName: "ghcr.io/org/hello", Digest: digest("a")},
	})
}

// The id is in the state of every user: a change of this test is a change of all their releases.
func TestIDIsStable(t *testing.T) {
	t.Parallel()
	if got, want := hello().ID, release.ID("r-46dd6dc828ec"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func image() *rapid.Generator[release.Image] {
	return rapid.Custom(func(t *rapid.T) release.Image {
		return release.Image{
			Name:    rapid.SampledFrom([]string{"hello", "sidecar", "1", "null"}).Draw(t, "name"), // few, so that some are the same
			NewName: rapid.StringMatching(`ghcr\.io/[a-z]{1,3}(/[0-9]{1,2})?`).Draw(t, "newName"),
			Digest:  digest(rapid.SampledFrom([]string{"0", "1", "a", "f"}).Draw(t, "digest")),
		}
	})
}

func anyRelease() *rapid.Generator[release.Release] {
	return rapid.Custom(func(t *rapid.T) release.Release {
		return release.New(
			rapid.SampledFrom([]string{"hello", "null", "1e3", "true", "a.b_c-d"}).Draw(t, "component"),
			release.Source{
				Commit: rapid.StringMatching(`[0-9a-f]{40}|[0-9]{40}|[0-9]{20}e[0-9]{19}`).Draw(t, "commit"),
				Path:   rapid.SampledFrom([]string{"services/hello", ".", "~", "a: b", "größe/x", "007"}).Draw(t, "path"),
			},
			rapid.SliceOfN(image(), 0, 5).Draw(t, "images"))
	})
}

func TestIDDependsOnContentOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRelease().Draw(t, "release")
		again := release.New(r.Component, r.Source, rapid.Permutation(r.Images).Draw(t, "images"))
		if diff := cmp.Diff(r, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the order of images matters:\n%s", diff)
		}
		changed := r
		switch rapid.IntRange(0, 2).Draw(t, "change") {
		case 0:
			changed = release.New(r.Component+"x", r.Source, r.Images)
		case 1:
			changed = release.New(r.Component, release.Source{Commit: r.Source.Commit, Path: r.Source.Path + "x"}, r.Images)
		case 2:
			changed = release.New(r.Component, r.Source, append(slices.Clone(r.Images), release.Image{Name: "new"}))
		}
		if changed.ID == r.ID {
			t.Errorf("%+v and %+v have the same id", r, changed)
		}
	})
	images := []release.Image{{Name: "b"}, {Name: "a"}}
	release.New("hello", release.Source{}, images)
	if images[0].Name != "b" {
		t.Error("New must leave its input alone")
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	if got := hello().Digest(); got != digest("a") {
		t.Errorf("got %s, want that of the component's own image", got)
	}
	r := release.New("api", release.Source{}, hello().Images)
	if got := r.Digest(); got != digest("a") {
		t.Errorf("got %s, want that of the first image", got)
	}
	if got := release.New("api", release.Source{}, nil).Digest(); got != "" {
		t.Errorf("got %s of no images", got)
	}
}

func TestParseImage(t *testing.T) {
	t.Parallel()
	d := digest("a")
	for _, c := range []struct {
		text string
		want release.Image
	}{
		{"ghcr.io/org/hello@" + d, release.Image{Name: "hello", NewName: "ghcr.io/org/hello", Digest: d}},
		{"web=ghcr.io/org/hello@" + d, release.Image{Name: "web", NewName: "ghcr.io/org/hello", Digest: d}},
		{"nginx:1.2=localhost:5000/nginx@" + d, release.Image{Name: "nginx:1.2", NewName: "localhost:5000/nginx", Digest: d}},
	} {
		got, err := release.ParseImage(c.text, "hello")
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v", c.text, got, err)
		}
		if reference := strings.TrimPrefix(c.text, c.want.Name+"="); got.Reference() != reference {
			t.Errorf("%s: got reference %s", c.text, got.Reference())
		}
	}
	for _, bad := range []string{
		"", "hello", "ghcr.io/org/hello", "ghcr.io/org/hello:v1", "hello=", "=ghcr.io/org/hello@" + d, "@" + d, "hello=@" + d,
		"ghcr.io/org/hello@", "ghcr.io/org/hello@sha256:abc", "ghcr.io/org/hello@" + strings.ToUpper(d), "ghcr.io/org/hello@" + d + "0", "ghcr.io/org/hello@" + d + "\n",
		"ghcr.io/org/hello@md5:" + d[7:], "a=b=c@" + d, "a@" + d + "@" + d, "web =x@" + d, "web= x@" + d, "we\tb=x@" + d,
	} {
		if got, err := release.ParseImage(bad, "hello"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("image %q is not NAME=REPOSITORY@sha256:DIGEST", bad)) {
			t.Errorf("%q: got %+v, %v", bad, got, err)
		}
	}
	if _, err := release.ParseImage("x@"+d, ""); err == nil {
		t.Error("an image without any name was accepted")
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	manifests := []byte("kind: Deployment\n")
	want := `# Generated. Do not edit: deploy, promote and rollback write this file.
apiVersion: platform/v1
kind: Release
id: r-46dd6dc828ec
component: hello
source:
  commit: 0123456789abcdef0123456789abcdef01234567
  path: services/hello
images:
  - name: hello
    newName: ghcr.io/org/hello
    digest: ` + digest("a") + `
  - name: sidecar
    newName: ghcr.io/org/sidecar
    digest: ` + digest("b") + `
manifests: ` + release.ContentDigest(manifests) + `
promotedFrom: dev
`
	if diff := cmp.Diff(want, string(release.NewRecord(hello(), "dev", manifests).Encode())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRelease().Draw(t, "release")
		from := rapid.SampledFrom([]string{"", "dev", "1", "no"}).Draw(t, "from")
		record := release.NewRecord(r, from, rapid.SliceOf(rapid.Byte()).Draw(t, "manifests"))
		got, err := release.Decode("release.yaml", record.Encode())
		if err != nil {
			t.Fatalf("%v\n%s", err, record.Encode())
		}
		if diff := cmp.Diff(record, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got.ID != r.ID {
			t.Errorf("the id depends on the environment: %s, %s", got.ID, r.ID)
		}
	})
}

// A record that somebody edited is refused, on the line of the edit or of the id.
func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	record := string(release.NewRecord(hello(), "dev", nil).Encode())
	const fix = " (this file is generated: deploy, promote or roll back instead of editing it)"
	for name, c := range map[string]struct{ old, new, want string }{
		"id":             {"id: r-46dd6dc828ec", "id: r-000000000000", `f:4:5: id "r-000000000000" does not match the content, whose id is r-46dd6dc828ec` + fix},
		"id removed":     {"id: r-46dd6dc828ec\n", "", `f:2:1: id "" does not match the content, whose id is r-46dd6dc828ec` + fix},
		"digest":         {digest("a"), digest("c"), `f:4:5: id "r-46dd6dc828ec" does not match`},
		"invalid digest": {digest("a"), "latest", `f:12:13: image "hello" has no valid digest: "latest"` + fix},
		"commit":         {commit, other, `f:4:5: id "r-46dd6dc828ec" does not match`},
		"short commit":   {commit, commit[:12], `f:7:11: source.commit "0123456789ab" is not a full commit id` + fix},
		"path":           {"services/hello", "services/../x", `f:8:9: source.path "services/../x" is not a folder of the repository` + fix},
		"absolute path":  {"path: services", "path: /services", `f:8:9: source.path "/services/hello" is not a folder`},
		"component":      {"component: hello", "component: other", `f:4:5: id "r-46dd6dc828ec" does not match`},
		"image name":     {"name: sidecar", "name: proxy", `f:4:5: id "r-46dd6dc828ec" does not match`},
		"repository":     {"ghcr.io/org/sidecar", "evil.example/sidecar", `f:4:5: id "r-46dd6dc828ec" does not match`},
		"apiVersion":     {"platform/v1", "platform/v9", `f:2:13: apiVersion is "platform/v9", want platform/v1` + fix},
		"kind":           {"kind: Release", "kind: Hold", `f:3:7: kind is "Hold", want Release` + fix},
		"unknown field":  {"promotedFrom:", "promoted:", `f:17:1: unknown field "promoted" in the document (did you mean promotedFrom?)`},
		"conflict":       {"id: r-46dd6dc828ec\n", "<<<<<<< ours\nid: r-46dd6dc828ec\n=======\n", "f:"},
		"empty":          {record, "", "f: the file is empty"},
	} {
		text := strings.Replace(record, c.old, c.new, 1)
		if text == record {
			t.Fatalf("%s: nothing was replaced", name)
		}
		_, err := release.Decode("f", []byte(text))
		var problems finding.Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if got := problems.Error(); !strings.Contains(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
