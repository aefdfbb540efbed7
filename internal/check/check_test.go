package check_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/check"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/testkit"
)

func TestMain(m *testing.M) {
	if err := testkit.IsolateGit(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// repository is one that is checked: its files in the base and in the head.
type repository struct {
	t          *testing.T
	repo       *git.Repository
	base, head git.Hash
}

// files of a platform with two components, which share a base, in two environments, and with policies of its own.
func files(more map[string]string) map[string]string {
	all := map[string]string{
		"platform.yaml": `apiVersion: platform/v1
kind: Platform
metadata: {name: acme}
spec:
  registry: ghcr.io/acme
  components: [services/*]
  environments: [{name: dev}, {name: prod, promoteFrom: [dev]}]
  policies:
    - {name: house, path: policy/house}
    - {name: pipelines, path: policy/pipelines, files: ["ci/*.yml", "**/*.toml", "ci/*.dockerignore"]}
`,
		"policy/house/house.rego":         house,
		"policy/house/environment.rego":   inventory,
		"policy/pipelines/pipelines.rego": pipelines,
		"base/kustomization.yaml":         "resources: [deployment.yaml]\n",
		"base/deployment.yaml":            deployment,
	}
	for _, name := range []string{"api", "web"} {
		all["services/"+name+"/catalog-info.yaml"] = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: " + name +
			"}\nspec: {type: service, lifecycle: production, owner: team}\n"
		for _, env := range []string{"dev", "prod"} {
			all["services/"+name+"/deploy/overlays/"+env+"/kustomization.yaml"] = "resources: [../../../../../base]\nnamePrefix: " + name + "-\n"
		}
	}
	for name, content := range more {
		all[name] = content
	}
	return all
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: app
          image: app:1
`

const house = `package house

# METADATA
# title: An odd number of replicas
# custom: {id: odd-replicas, severity: error, fix: choose another number}
deny contains {"id": "odd-replicas", "msg": sprintf("%s: %d replicas", [input.metadata.name, input.spec.replicas]), "path": ["spec", "replicas"]} if {
	input.kind == "Deployment"
	input.spec.replicas % 2 == 0
}

warn contains {"id": "tagged", "msg": "has a tag", "path": ["spec", "template", "spec", "containers", i, "image"]} if {
	some i, container in input.spec.template.spec.containers
	endswith(container.image, ":1")
}
`

const inventory = `# METADATA
# scope: package
# custom: {input: inventory}
package house.environment

deny contains {"id": "same-name", "msg": sprintf("%s is there twice", [a.contents.metadata.name]), "path": [i, "contents", "metadata", "name"]} if {
	some i, a in input
	some j, b in input
	i != j
	a.contents == b.contents
}
`

const pipelines = `package pipelines

deny contains {"id": "no-latest", "msg": "latest", "path": ["image"]} if input.image == "latest"

deny contains {"id": "step", "msg": "downloads", "path": ["steps", i, "run"]} if {
	some i, step in input.steps
	contains(step.run, "curl")
}
`

func newRepository(t *testing.T, base, head map[string]string) *repository {
	t.Helper()
	c := testkit.NewRemote(t).Clone(t)
	write := func(files map[string]string) git.Hash {
		c.Git("rm", "-r", "-q", "--ignore-unmatch", ".")
		c.Write(files)
		c.Commit("files")
		return git.NewHash(c.Git("rev-parse", "HEAD^{tree}"))
	}
	r := &repository{t: t}
	if base != nil {
		r.base = write(base)
	}
	r.head = write(head)
	var err error
	if r.repo, err = git.Open(t.Context(), git.Options{Dir: c.Dir}); err != nil {
		t.Fatal(err)
	}
	return r
}

var now = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func (r *repository) check(change ...func(*check.Options)) (*check.Result, error) {
	r.t.Helper()
	tree := r.repo.Tree(r.head)
	p, err := config.Load(tree, config.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	o := check.Options{Repo: r.repo, Head: r.head, Base: r.base, Config: p, Now: now, Progress: func(string, ...any) {},
		Renders: overlays.NewStore(overlays.Options{}),
		Overlays: func(context.Context) (list []check.Overlay, err error) {
			all, err := catalog.Load(tree, p.Spec.Components)
			if err != nil {
				return nil, err
			}
			for _, env := range p.EnvironmentNames() {
				for _, c := range all.Components {
					if dir, err := render.OverlayDir(tree, c.Path, env); err == nil {
						list = append(list, check.Overlay{Component: c.Name, Environment: env, Dir: dir})
					}
				}
			}
			return list, nil
		}}
	for _, f := range change {
		f(&o)
	}
	return check.Run(r.t.Context(), o)
}

// finds compares findings, each as "severity rule place components environments flags".
func (r *repository) finds(want []string, change ...func(*check.Options)) *check.Result {
	r.t.Helper()
	result, err := r.check(change...)
	if err != nil {
		r.t.Fatal(err)
	}
	var got []string
	for _, f := range result.Findings {
		text := fmt.Sprintf("%s %s %s:%d %s %s", f.Severity, f.RuleID, f.File, f.Line, strings.Join(f.Components, ","), strings.Join(f.Environments, ","))
		for _, flag := range []struct {
			text string
			set  bool
		}{{" known", f.Known}, {" waived", f.Waiver != nil}, {" changed", f.Changed}} {
			if flag.set {
				text += flag.text
			}
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("-want +got:\n%s", diff)
	}
	return result
}

func TestOneCauseIsOneFinding(t *testing.T) {
	t.Parallel()
	head := files(map[string]string{"base/deployment.yaml": strings.Replace(deployment, "replicas: 1", "replicas: 2", 1)})
	result := newRepository(t, nil, head).finds([]string{
		"error odd-replicas base/deployment.yaml:6 api,web dev,prod",
		"warning tagged base/deployment.yaml:11 api,web dev,prod",
	})
	if result.Renders != 4 || result.Documents != 4 {
		t.Errorf("%d documents of %d renders", result.Documents, result.Renders)
	}
	if f := result.Findings[0]; f.Message != "api-app: 2 replicas" || f.Fix != "choose another number" || f.Title != "An odd number of replicas" || f.Confidence != finding.Exact {
		t.Errorf("got %+v", f)
	}
}

func TestNewAndKnown(t *testing.T) {
	t.Parallel()
	// Lines move, a container comes before the one that had a finding, and one of the environments gets a finding of its own.
	moved := strings.Replace(deployment, "containers:\n", "containers:\n        - name: proxy\n          image: proxy:1\n", 1)
	head := files(map[string]string{"base/deployment.yaml": "# a comment\n" + moved,
		"services/web/deploy/overlays/prod/kustomization.yaml": "resources: [../../../../../base]\nnamePrefix: web-\nreplicas: [{name: app, count: 4}]\n"})
	newRepository(t, files(nil), head).finds([]string{
		"error odd-replicas services/web/deploy/overlays/prod/kustomization.yaml:3 web prod changed",
		"warning tagged base/deployment.yaml:12 api,web dev,prod changed",
		"warning tagged base/deployment.yaml:14 api,web dev,prod known",
	})
}

func TestWhatAChangeLeavesAlone(t *testing.T) {
	t.Parallel()
	head := files(map[string]string{"services/web/deploy/overlays/prod/kustomization.yaml": "resources: [../../../../../base]\nnamePrefix: www-\n"})
	r := newRepository(t, files(nil), head)
	result := r.finds([]string{"warning tagged base/deployment.yaml:11 web prod"}) // it is another object now
	if result.Renders != 1 {
		t.Errorf("%d renders", result.Renders)
	}
	r.finds([]string{
		"warning tagged base/deployment.yaml:11 web prod",
		"warning tagged base/deployment.yaml:11 api,web dev,prod known",
	}, func(o *check.Options) { o.All = true })
	r.finds([]string{"warning tagged base/deployment.yaml:11 api prod known"},
		func(o *check.Options) { o.Components, o.Environments = []string{"api"}, []string{"prod"} })
	newRepository(t, files(nil), files(nil)).finds(nil)
}

// A new rule does not stop everybody's work.
func TestNewPolicy(t *testing.T) {
	t.Parallel()
	stricter := files(map[string]string{"policy/house/house.rego": strings.ReplaceAll(house, "% 2 == 0", "% 2 == 1")})
	newRepository(t, files(nil), stricter).finds([]string{
		"error odd-replicas base/deployment.yaml:6 api,web dev,prod known",
		"warning tagged base/deployment.yaml:11 api,web dev,prod known",
	})
}

func TestEnvironmentScope(t *testing.T) {
	t.Parallel()
	same := "resources: [../../../../../base]\nnamePrefix: api-\n"
	clash := files(map[string]string{"services/web/deploy/overlays/prod/kustomization.yaml": same})
	r := newRepository(t, files(nil), clash)
	r.finds([]string{ // the other component is no part of the change, and has a finding by it
		"error same-name services/web/deploy/overlays/prod/kustomization.yaml:2 web prod changed",
		"error same-name services/api/deploy/overlays/prod/kustomization.yaml:2 api prod",
		"warning tagged base/deployment.yaml:11 web prod",
	})
	r.finds([]string{
		"error same-name services/api/deploy/overlays/prod/kustomization.yaml:2 api prod",
		"error same-name services/web/deploy/overlays/prod/kustomization.yaml:2 web prod",
		"warning tagged base/deployment.yaml:11 api,web dev,prod",
	}, func(o *check.Options) { o.Base = git.ZeroHash })
	both := files(map[string]string{"services/web/deploy/overlays/prod/kustomization.yaml": same + "replicas: [{name: app, count: 3}]\n"})
	r = newRepository(t, clash, both)
	r.finds([]string{"warning tagged base/deployment.yaml:11 web prod known"}) // the inventory is as it was
	r.finds([]string{
		"error same-name services/web/deploy/overlays/prod/kustomization.yaml:2 web prod known",
		"warning tagged base/deployment.yaml:11 web prod known",
	}, func(o *check.Options) { o.Components, o.Environments = []string{"web"}, []string{"prod"} })
}

// What was wrong before and is worse now is new; what only moved is known.
func TestWorse(t *testing.T) {
	t.Parallel()
	const steps = "steps:\n  - run: curl good\n  - run: make\n"
	base := files(map[string]string{"ci/a.yml": steps, "base/deployment.yaml": strings.Replace(deployment, "replicas: 1", "replicas: 2", 1)})
	worse := files(map[string]string{"ci/a.yml": strings.Replace(steps, "good", "evil", 1), "base/deployment.yaml": strings.Replace(deployment, "replicas: 1", "replicas: 4", 1)})
	newRepository(t, base, worse).finds([]string{
		"error odd-replicas base/deployment.yaml:6 api,web dev,prod changed",
		"error step ci/a.yml:2   changed",
		"warning tagged base/deployment.yaml:11 api,web dev,prod known",
	})
	moved := files(map[string]string{"ci/a.yml": strings.Replace(steps, "steps:\n", "steps:\n  - run: first\n", 1), "base/deployment.yaml": base["base/deployment.yaml"]})
	newRepository(t, base, moved).finds([]string{"error step ci/a.yml:3   known"})
}

// A link is not followed, and not passed over either.
func TestLink(t *testing.T) {
	t.Parallel()
	c := testkit.NewRemote(t).Clone(t)
	c.Write(files(map[string]string{"real.yaml": "image: latest\n"}))
	if err := os.Mkdir(c.Dir+"/ci", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../real.yaml", c.Dir+"/ci/a.yml"); err != nil {
		t.Fatal(err)
	}
	c.Commit("link")
	repo, err := git.Open(t.Context(), git.Options{Dir: c.Dir})
	if err != nil {
		t.Fatal(err)
	}
	r := &repository{t: t, repo: repo, head: git.NewHash(c.Git("rev-parse", "HEAD^{tree}"))}
	r.finds([]string{"error parse ci/a.yml:0  ", "warning tagged base/deployment.yaml:11 api,web dev,prod"})
}

// Rules over an environment see what others did to it, know what was there, and see images as a deploy brings them.
func TestEnvironmentOfOthers(t *testing.T) {
	t.Parallel()
	const rules = `# METADATA
# scope: package
# custom: {input: environment}
package house.environment

deny contains {"id": "alone", "msg": sprintf("%s has no companion", [a.contents.metadata.name]), "path": [i, "contents", "metadata", "name"]} if {
	some i, a in input
	a.component == "web"
	not "api" in {b.component | some b in input}
}

deny contains {"id": "quota", "msg": "no quota"} if not "ResourceQuota" in {b.contents.kind | some b in input}

deny contains {"id": "digest", "msg": "no digest", "path": [i, "contents", "spec"]} if {
	some i, a in input
	a.component == "web"
	some c in a.contents.spec.template.spec.containers
	c.name == "app"
	not contains(c.image, "@sha256:")
}
`
	web := map[string]string{"policy/house/environment.rego": rules, "base/deployment.yaml": strings.Replace(deployment, "image: app:1", "image: web", 1)}
	without := files(web)
	for name := range without {
		if strings.HasPrefix(name, "services/api/") {
			delete(without, name)
		}
	}
	newRepository(t, files(web), without).finds([]string{
		"error alone services/web/deploy/overlays/dev/kustomization.yaml:2 web dev",
		"error alone services/web/deploy/overlays/prod/kustomization.yaml:2 web prod",
		"error quota platform.yaml:0  dev,prod known",
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	const steps = "image: latest\nsteps:\n  - {name: one, run: curl a}\n  - name: two\n    run: curl b\n"
	base := files(map[string]string{"ci/a.yml": steps, "ci/old.yml": "image: latest\n", "deep/x.toml": "image = \"old\"\n"})
	head := files(map[string]string{"ci/a.yml": "steps:\n  - name: zero\n    run: curl z\n" + strings.TrimPrefix(steps, "image: latest\nsteps:\n"),
		"ci/old.yml": "image: latest\n", "deep/x.toml": "\nimage = \"latest\"\n", "ci/x.dockerignore": "image: latest\n", "ci/broken.yml": "a: [\n", "ci/b.yaml": "image: latest\n", "environments/x.toml": "image = \"latest\"\n"})
	r := newRepository(t, base, head)
	want := []string{
		"error step ci/a.yml:3   changed",
		"error parse ci/broken.yml:1   changed",
		"error no-latest deep/x.toml:2   changed",
		"error step ci/a.yml:4   known",
		"error step ci/a.yml:6   known",
	}
	r.finds(slices.Concat(want, []string{"error no-latest ci/old.yml:1   known", "warning tagged base/deployment.yaml:11 api,web dev,prod known"}), func(o *check.Options) { o.All = true })
	result := r.finds(want)
	if result.Files != 3 || result.Renders != 0 {
		t.Errorf("%d files, %d renders", result.Files, result.Renders)
	}
}

const severalRules = `package house

deny contains {"id": "argument", "msg": sprintf("argument %s", [a]), "path": ["spec", "template", "spec", "containers", 0, "args"]} if {
	some a in input.spec.template.spec.containers[0].args
	startswith(a, "--bad")
}

warn contains {"id": "resources", "msg": sprintf("no %s", [name]), "path": ["spec", "template", "spec", "containers", 0, "resources", name]} if {
	some name in ["cpu", "memory"]
	not input.spec.template.spec.containers[0].resources[name]
}
`

// What is on one line for several reasons stays several findings.
func TestSeveralOnOneLine(t *testing.T) {
	t.Parallel()
	with := func(args string) map[string]string {
		return files(map[string]string{"policy/house/house.rego": severalRules, "base/deployment.yaml": deployment + "          args: [" + args + "]\n",
			"services/web/deploy/overlays/prod/kustomization.yaml": "resources: [../../../../../base]\nnamePrefix: web-\npatches:\n" +
				"  - target: {kind: Deployment}\n    patch: |-\n      - {op: add, path: /spec/template/spec/containers/0/resources, value: {cpu: 1}}\n"})
	}
	newRepository(t, with("--bad=1, fine"), with("--bad=0, fine, --bad=1")).finds([]string{
		"error argument base/deployment.yaml:12 api,web dev,prod changed", // the field is another, so neither is what it was
		"error argument base/deployment.yaml:12 api,web dev,prod changed",
		"warning resources base/deployment.yaml:10 api,web dev,prod known",
		"warning resources base/deployment.yaml:10 api,web dev,prod known",
		"warning resources services/web/deploy/overlays/prod/kustomization.yaml:6 web prod known",
	})
	newRepository(t, nil, with("--bad=0, --bad=1")).finds([]string{
		"error argument base/deployment.yaml:12 api,web dev,prod",
		"error argument base/deployment.yaml:12 api,web dev,prod",
		"warning resources base/deployment.yaml:10 api,web dev,prod",
		"warning resources base/deployment.yaml:10 api,web dev,prod",
		"warning resources services/web/deploy/overlays/prod/kustomization.yaml:6 web prod",
	})
}

func TestWaivers(t *testing.T) {
	t.Parallel()
	waivers := "apiVersion: platform/v1\nkind: Waivers\nwaivers:\n" +
		"  - {rule: tagged, component: api, owner: team, reason: soon gone, expires: 2026-12-31}\n" +
		"  - {rule: tagged, component: web, owner: team, reason: was gone, expires: 2026-11-20}\n" +
		"  - {rule: odd-replicas, component: web, owner: team, reason: never was, expires: 2026-12-31}\n"
	head := files(map[string]string{"policy/waivers.yaml": waivers})
	newRepository(t, nil, head).finds([]string{
		"error waiver-expired policy/waivers.yaml:5  ",
		"warning tagged base/deployment.yaml:11 web dev,prod",
		"warning waiver-unmatched policy/waivers.yaml:6  ",
		"warning tagged base/deployment.yaml:11 api dev,prod waived",
	})
	// What a waiver accepted is new without it, though it was there.
	without := files(map[string]string{"policy/waivers.yaml": "apiVersion: platform/v1\nkind: Waivers\nwaivers: []\n"})
	newRepository(t, head, without).finds([]string{
		"warning tagged base/deployment.yaml:11 api dev,prod",
		"warning tagged base/deployment.yaml:11 web dev,prod known",
	})
	edited := files(map[string]string{"policy/waivers.yaml": waivers + "  - {rule: tagged, component: other, owner: team, reason: soon, expires: 2026-12-31}\n"})
	newRepository(t, head, edited).finds([]string{
		"warning waiver-unmatched policy/waivers.yaml:7   changed",
		"warning waiver-unmatched policy/waivers.yaml:6  ",
		"error waiver-expired policy/waivers.yaml:5   known",
		"warning tagged base/deployment.yaml:11 web dev,prod known",
		"warning tagged base/deployment.yaml:11 api dev,prod known waived",
	})
	// Somebody else's change does not have to mend them.
	other := files(map[string]string{"policy/waivers.yaml": waivers, "ci/a.yml": "image: other\n"})
	newRepository(t, head, other).finds([]string{"error waiver-expired policy/waivers.yaml:5   known"})
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	head := files(map[string]string{"base/deployment.yaml": strings.Replace(deployment, "replicas: 1", "replicas: 2", 1)})
	head["platform.yaml"] = strings.NewReplacer("{name: dev}", `{name: dev, severity: {"*": warning}}`,
		"  policies:", "  severity: {tagged: off, tagd: off}\n  policies:").Replace(head["platform.yaml"])
	newRepository(t, nil, head).finds([]string{
		"error odd-replicas base/deployment.yaml:6 api,web dev,prod",
		"warning unknown-rule platform.yaml:8  ",
	})
}

func TestBrokenOverlay(t *testing.T) {
	t.Parallel()
	broken := map[string]string{"services/web/deploy/overlays/prod/kustomization.yaml": "resources: [../../../../../base, gone.yaml]\n"}
	result := newRepository(t, files(nil), files(broken)).finds([]string{"error render services/web/deploy/overlays/prod/kustomization.yaml:0 web prod"})
	if !strings.Contains(result.Findings[0].Message, "gone.yaml") {
		t.Errorf("got %q", result.Findings[0].Message)
	}
	broken["ci/x.yml"] = "image: x\n"
	base := files(map[string]string{"services/web/deploy/overlays/prod/kustomization.yaml": broken["services/web/deploy/overlays/prod/kustomization.yaml"]})
	newRepository(t, base, files(broken)).finds([]string{"error render services/web/deploy/overlays/prod/kustomization.yaml:0 web prod known"})
}

// A base which cannot be read has no findings; a head which cannot is an error, and so is a policy that cannot be evaluated.
func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	newRepository(t, map[string]string{"README.md": "nothing yet\n"}, files(nil)).finds([]string{"warning tagged base/deployment.yaml:11 api,web dev,prod changed"})
	for name, c := range map[string]struct {
		file, content, want string
	}{
		"policy":       {"policy/house/house.rego", "package house\ndeny contains x if { x := }\n", "policy/house/house.rego:2"},
		"waivers":      {"policy/waivers.yaml", "waivers: x\n", "policy/waivers.yaml:1"},
		"failing rule": {"policy/house/house.rego", "package house\ndeny contains {\"path\": 1} if true\n", "a result has no msg"},
		"endless rule": {"policy/house/house.rego", "package house\ndeny contains \"x\" if { count([1 | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i + j == 0]) == 1 }\n", "not finished within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newRepository(t, nil, files(map[string]string{c.file: c.content})).check()
			var problems finding.Problems
			if err == nil || !strings.Contains(err.Error(), c.want) && !(errors.As(err, &problems) && strings.Contains(problems.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	result, err := newRepository(t, nil, files(nil)).check(func(o *check.Options) { o.Trace = "tagged" })
	if err != nil || len(result.Findings) != 1 || len(result.Findings[0].Trace) == 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}
