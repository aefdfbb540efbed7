package delivery_test

import (
	"os"
	"strings"
	"testing"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// An edit of a cell by hand is found on its line, with the command that does it properly.
func TestVerifyEdit(t *testing.T) {
	t.Parallel()
	origin := gated(t, gatedYAML, "a", "b")
	runVerify(t, origin, map[string]verifyCase{
		"an edit of the manifests": {
			change: func(f *fixture) { f.edit(cell+"manifests.yaml", "name: a", "name: other") },
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "manifests.yaml:4: manifests.yaml was edited by hand: it is not what the toolkit writes for r-X" + byHand,
		},
		"an edit with its digest": {
			change: func(f *fixture) {
				f.edit(cell+"manifests.yaml", "name: a", "name: other")
				f.forge(func(r *release.Record, manifests []byte) { r.Manifests = release.ContentDigest(manifests) })
			},
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "manifests.yaml:4: manifests.yaml was edited by hand: it is not what the toolkit writes for r-X" + byHand + "\n" +
				"error state " + cell + "release.yaml:13: release.yaml was edited by hand: it is not what the toolkit writes for r-X" + byHand,
		},
		"other images": {
			change: func(f *fixture) {
				f.forge(func(r *release.Record, manifests []byte) {
					r.Images[0].Digest = "sha256:" + strings.Repeat("f", 64)
					r.Release = release.New(r.Component, r.Source, r.Images)
				})
			},
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "release.yaml:4:5: r-X is not the release to promote to prod: that is r-X (staging runs it)" + byHand,
		},
		"other images without another id": {
			change: func(f *fixture) { f.edit(cell+"release.yaml", "digest: sha256:0", "digest: sha256:f") },
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "release.yaml:4:5: id \"r-X\" does not match the content, whose id is r-X" + byHand,
		},
		"no YAML": {
			change: func(f *fixture) { f.edit(cell+"release.yaml", "kind: Release", "kind: [") },
			want:   "prod/a: hand edit ok=false\nerror state " + cell + "release.yaml:3: not valid YAML: did not find expected ',' or ']'" + byHand,
		},
		"another component's release": {
			change: func(f *fixture) {
				for _, name := range []string{state.ReleaseFile, state.ManifestsFile} {
					f.clone.Write(map[string]string{cell + name: f.remote.Files("main", ".")["environments/prod/b/"+name]})
				}
			},
			want: "prod/a: hand edit ok=false\nerror state " + cell + "release.yaml:5:12: release.yaml is of \"b\", not of \"a\"" + byHand,
		},
		"an edit of the kustomization": {
			change: func(f *fixture) { f.edit(cell+"kustomization.yaml", "kind:", "namespace: x\nkind:") },
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "kustomization.yaml:3: kustomization.yaml was edited by hand: it is not what the toolkit writes for r-X" + byHand,
		},
		"a file too many": {
			change: func(f *fixture) { f.clone.Write(map[string]string{cell + "more.yaml": "a: b\n"}) },
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "more.yaml: more.yaml does not belong here: the folder holds exactly three generated files" + byHand,
		},
		"a file too few": {
			change: func(f *fixture) { f.clone.Git("rm", "-q", cell+"manifests.yaml") },
			want:   "prod/a: hand edit ok=false\nerror state " + cell + "manifests.yaml: manifests.yaml is missing" + byHand,
		},
		"no release.yaml": {
			change: func(f *fixture) { f.clone.Git("rm", "-q", cell+"release.yaml") },
			want:   "prod/a: hand edit ok=false\nerror state " + cell + "release.yaml: release.yaml is no file" + byHand,
		},
		"a symlink": {
			change: func(f *fixture) {
				f.merges("promote/prod/a")
				f.rename(cell+"manifests.yaml", "services/a/manifests.yaml")
				if err := os.Symlink("../../../services/a/manifests.yaml", f.path(cell+"manifests.yaml")); err != nil {
					f.t.Fatal(err)
				}
			},
			want: "prod/a: hand edit ok=false\nerror state " + cell + "manifests.yaml: manifests.yaml is not a regular file" + byHand,
		},
		"an executable": {
			change: func(f *fixture) {
				f.merges("promote/prod/a")
				if err := os.Chmod(f.path(cell+"manifests.yaml"), 0o755); err != nil {
					f.t.Fatal(err)
				}
			},
			want: "prod/a: hand edit ok=false\nerror state " + cell + "manifests.yaml: manifests.yaml is not a regular file" + byHand,
		},
		"a root environment": {
			change: func(f *fixture) {
				f.copyCell("environments/prod/a", "environments/dev/a")
				f.edit("environments/dev/a/release.yaml", "promotedFrom: staging\ngates:\n  - soak\n", "")
			},
			want: "dev/a: rollback ok=false\n" +
				"error state environments/dev/a/release.yaml:4:5: nothing holds r-X out of dev: automation would bring it back over this rollback " +
				"(platform rollback a --env dev --to r-X)",
		},
		"other images in a root environment": {
			change: func(f *fixture) {
				f.edit("environments/dev/a/release.yaml", "digest: sha256:0", "digest: sha256:f")
			},
			want: "dev/a: hand edit ok=false\n" + "error state environments/dev/a/release.yaml:4:5: id \"r-X\" does not match the content, whose id is r-X " +
				"(git revert this; platform deploy --component a writes dev)",
		},
		"a component that nobody deployed": {
			change: func(f *fixture) {
				f.copyCell("environments/prod/a", "environments/prod/c")
				f.edit("environments/prod/c/release.yaml", "component: a", "component: c")
			},
			want: "prod/c: hand edit ok=false\n" + "error state environments/prod/c/release.yaml:4:5: id \"r-X\" does not match the content, whose id is r-X " +
				"(git revert this; platform promote --component c --to prod and platform rollback c --env prod write prod)",
		},
	})
}
