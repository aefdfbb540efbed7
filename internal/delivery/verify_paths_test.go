package delivery_test

import (
	"os"
	"testing"
)

// What belongs into the state is told from what does not.
func TestVerifyPaths(t *testing.T) {
	t.Parallel()
	origin := gated(t, gatedYAML, "a", "b")
	origin.sync()
	origin.clone.Write(map[string]string{"environments/staging/b.hold.yaml": holdOf("r-000000000000")})
	origin.clone.Commit("Hold")
	origin.clone.Git("push", "-q", "origin", "HEAD:main")
	runVerify(t, origin, map[string]verifyCase{
		"a folder of cells that is a symlink": {
			change: func(f *fixture) {
				f.rename("environments/prod", "elsewhere")
				if err := os.Symlink("../elsewhere", f.path("environments/prod")); err != nil {
					f.t.Fatal(err)
				}
			},
			want: "prod/a: hand edit ok=false\nprod/b: hand edit ok=false\n" +
				"error state environments/prod: environments/prod does not belong into the state, which holds ENVIRONMENT/COMPONENT/ and " +
				"ENVIRONMENT/COMPONENT.hold.yaml (put it elsewhere)\n" +
				"error state " + cell + "release.yaml: a is taken out of prod by hand though it is in the catalog " +
				"(remove its catalog-info.yaml in the same pull request, or go back with platform rollback a --env prod)\n" +
				"error state environments/prod/b/release.yaml: b is taken out of prod by hand though it is in the catalog " +
				"(remove its catalog-info.yaml in the same pull request, or go back with platform rollback b --env prod)",
		},
		"a state that is a symlink": {
			change: func(f *fixture) {
				f.rename("environments", "elsewhere")
				if err := os.Symlink("elsewhere", f.path("environments")); err != nil {
					f.t.Fatal(err)
				}
				f.clone.Git("rm", "-rq", "--cached", "services")
				if err := os.RemoveAll(f.path("services")); err != nil { // so that nobody misses the cells
					f.t.Fatal(err)
				}
				f.clone.Write(map[string]string{"services/c/catalog-info.yaml": f.remote.Files("main", ".")["services/a/catalog-info.yaml"]})
				f.edit("services/c/catalog-info.yaml", "name: a", "name: c")
			},
			want: times(6, func(i int) string {
				return []string{"dev/a", "dev/b", "prod/a", "prod/b", "staging/a", "staging/b"}[i] + ": removal ok=true"
			}) + "\nstaging/b: hold\n" +
				"error state environments: environments does not belong into the state, which holds ENVIRONMENT/COMPONENT/ and ENVIRONMENT/COMPONENT.hold.yaml " +
				"(put it elsewhere)",
		},
		"a hold that is a symlink": {
			change: func(f *fixture) {
				f.clone.Write(map[string]string{"hold.yaml": holdOf("r-000000000000")})
				if err := os.Symlink("../../hold.yaml", f.path("environments/prod/a.hold.yaml")); err != nil {
					f.t.Fatal(err)
				}
			},
			want: "error state environments/prod/a.hold.yaml: environments/prod/a.hold.yaml does not belong into the state, which holds " +
				"ENVIRONMENT/COMPONENT/ and ENVIRONMENT/COMPONENT.hold.yaml (put it elsewhere)",
		},
		"a hold that is taken away": {
			change: func(f *fixture) { f.clone.Git("rm", "-q", "environments/staging/b.hold.yaml") },
			want:   "staging/b: hold",
		},
		"an environment that nobody knows": {
			change: func(f *fixture) {
				f.copyCell("environments/prod/a", "environments/demo/a")
				f.edit("platform.yaml", "  breakGlass", "    - name: demo\n  breakGlass")
			},
			want: times(3, func(i int) string {
				return "error state environments/demo/a/" + []string{"kustomization", "manifests", "release"}[i] + ".yaml: demo is not an environment of " +
					"platform.yaml as it is before this change (merge the environment first; its state is then deployed or promoted)"
			}),
		},
		"the state moves": {
			change: func(f *fixture) {
				f.copyCell("environments", "state")
				f.edit("platform.yaml", "  environments:", "  state: {path: state}\n  environments:")
			},
			want: "error state platform.yaml: state.path moves from environments to state, which has files already: nothing proves them " +
				"(take a path that is not there yet, and deploy and promote to it after the merge)",
		},
		"the state moves to a branch that is there": {
			change: func(f *fixture) {
				f.clone.Git("push", "-q", "origin", "main:refs/heads/there")
				f.edit("platform.yaml", "  environments:", "  state: {branch: there}\n  environments:")
			},
			want: "error state platform.yaml: state.branch moves from main to there, which has environments already: nothing proves it " +
				"(take a branch that is not there yet, and deploy and promote to it after the merge)",
		},
		"the state moves to a branch that is there, at another path": {
			change: func(f *fixture) {
				f.clone.Git("push", "-q", "origin", "main:refs/heads/other")
				f.edit("platform.yaml", "  environments:", "  state: {branch: other, path: run}\n  environments:")
			},
		},
		"the state moves to a new branch": {
			change: func(f *fixture) {
				f.edit("platform.yaml", "  environments:", "  state: {branch: fresh}\n  environments:")
			},
		},
		"files that do not belong there": {
			change: func(f *fixture) {
				f.clone.Write(map[string]string{"environments/README.md": "x\n", "environments/prod/notes.yaml": "a: b\n"})
			},
			want: "error state environments/README.md: environments/README.md does not belong into the state, which holds ENVIRONMENT/COMPONENT/ and " +
				"ENVIRONMENT/COMPONENT.hold.yaml (put it elsewhere)\n" +
				"error state environments/prod/notes.yaml: environments/prod/notes.yaml does not belong into the state, which holds ENVIRONMENT/COMPONENT/ and " +
				"ENVIRONMENT/COMPONENT.hold.yaml (put it elsewhere)",
		},
		"a hold": {
			change: func(f *fixture) {
				f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": holdOf("r-000000000000")})
			},
			want: "prod/a: hold",
		},
		"a hold of nothing": {
			change: func(f *fixture) {
				f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": "apiVersion: platform/v1\nkind: Hold\nreleases: []\nreason: none\nby: Ada\n"})
			},
			want: "prod/a: hold\nerror state environments/prod/a.hold.yaml:3:11: not a Hold of platform/v1 which names a release " +
				"(fix the file, or delete it to let every release in)",
		},
		"a removal": {
			change: func(f *fixture) { f.clone.Git("rm", "-rq", "environments/prod/a") },
			want: "prod/a: hand edit ok=false\n" + "error state " + cell + "release.yaml: a is taken out of prod by hand though it is in the catalog " +
				"(remove its catalog-info.yaml in the same pull request, or go back with platform rollback a --env prod)",
		},
		"a removal with its component": {
			change: func(f *fixture) { f.clone.Git("rm", "-rq", "environments/prod/a", "environments/dev/a", "services/a") },
			want:   "dev/a: removal ok=true\nprod/a: removal ok=true",
		},
		"a removal with its environment": {
			change: func(f *fixture) {
				f.edit("platform.yaml", "    - name: prod\n      promoteFrom: [staging]\n      gates: [{soak: 6h}]\n", "")
				f.clone.Git("rm", "-rq", "environments/prod")
			},
			want: "prod/a: removal ok=true\nprod/b: removal ok=true",
		},
	})
}
