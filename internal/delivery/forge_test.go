package delivery_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/testkit"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// hub is a platform on a GitHub server.
type hub struct {
	*fixture
	*fakegithub.Server
	now     time.Time
	token   string
	notices []string
}

const forgePlatform = `apiVersion: platform/v1
kind: Platform
metadata: {name: demo}
spec:
  registry: registry.example
  components: [services/*]
  environments:
    - name: dev
    - name: staging
      promoteFrom: [dev]
      promotion: automatic
      gates: [{soak: 30m}]
    - name: prod
      promoteFrom: [staging]
      gates: [{soak: 1h}]
      reviewers: [ann, org/sre]
  breakGlass: {teams: [org/sre]}
`

func newHub(t *testing.T, platform string, o fakegithub.Options, components ...string) *hub {
	t.Helper()
	h := &hub{fixture: newFixture(t, components...), now: testkit.Epoch.Add(time.Hour)}
	h.clone.Write(map[string]string{"platform.yaml": platform})
	h.clone.Commit("Configure")
	h.clone.Git("push", "-q", "origin", "HEAD:main")
	o.Now = func() time.Time { return h.now }
	h.Server = fakegithub.New(t, h.remote, o)
	h.token = h.Server.Token
	return h
}

func (h *hub) open() (*delivery.Delivery, *catalog.Catalog, *git.Commit) {
	h.t.Helper()
	now := func() time.Time { return h.now }
	ctx := context.Background()
	h.clone.Git("fetch", "-q", "origin")
	repo, err := git.Open(ctx, git.Options{Dir: h.clone.Dir, Remote: h.GitURL, Token: h.token, Now: now,
		Committer: git.Identity{Name: "bot", Email: "bot@example.com"}, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		h.t.Fatal(err)
	}
	head, err := repo.Resolve(ctx, "HEAD")
	if err != nil {
		h.t.Fatal(err)
	}
	platform, err := config.Load(repo.Tree(head.TreeHash), config.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	components, err := catalog.Load(repo.Tree(head.TreeHash), platform.Spec.Components)
	if err != nil {
		h.t.Fatal(err)
	}
	f, err := forge.New(forge.Options{APIURL: h.APIURL, Token: h.token, Repository: "org/platform", Now: now,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		h.t.Fatal(err)
	}
	return &delivery.Delivery{Repo: repo, Platform: platform, Now: now, Progress: func(string, ...any) {}, Forge: f, Web: h.URL + "/org/platform",
		Notice: func(format string, args ...any) { h.notices = append(h.notices, fmt.Sprintf(format, args...)) },
		Needs: func(name string) ([]string, error) {
			c, err := components.Find(name)
			return c.DependsOn, err
		},
		Owner: func(string) string { return "org/team" }}, components, head
}

func (h *hub) deploy(component string, image int) {
	h.t.Helper()
	d, components, head := h.open()
	c, err := components.Find(component)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err = d.Deploy(context.Background(), delivery.DeployOptions{Source: head, Items: []delivery.Item{{Component: c, Images: []release.Image{
		{Name: component, NewName: "registry.example/" + component, Digest: fmt.Sprintf("sha256:%064d", image)}}}}}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) promote(o delivery.PromoteOptions) *delivery.Promotion {
	h.t.Helper()
	d, _, _ := h.open()
	p, err := d.Promote(context.Background(), o)
	if err == nil {
		err = p.Err()
	}
	if err == nil {
		err = d.RecordDeployments(context.Background())
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// pullsNow describes the open pull requests.
func (h *hub) pullsNow() []string {
	h.t.Helper()
	h.Sync()
	var list []string
	for _, pr := range h.PullRequests() {
		if pr.State != "open" {
			continue
		}
		s := fmt.Sprintf("#%d %s", pr.Number, pr.Branch)
		if pr.Draft {
			s += " draft"
		}
		if pr.AutoMerge != "" {
			s += " auto-merge"
		}
		list = append(list, s)
	}
	return list
}

// runs returns the image number that a component runs in each environment, "-" for none.
func (h *hub) runs(component string) string {
	h.t.Helper()
	var all []string
	for _, env := range []string{"dev", "staging", "prod"} {
		manifests, found := h.remote.Files("main", "environments")["environments/"+env+"/"+component+"/manifests.yaml"]
		_, digest, _ := strings.Cut(manifests, "@sha256:")
		number := "-"
		if found {
			number = strings.TrimLeft(digest[:64], "0")
		}
		all = append(all, number)
	}
	return strings.Join(all, " ")
}

func (h *hub) want(what string, got, want any) {
	h.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("%s: (-want +got):\n%s", what, diff)
	}
}

// The story of a release on a server: it soaks in dev, is merged to staging by itself, waits as a draft for prod, and a person merges it.
func TestPullRequests(t *testing.T) {
	t.Parallel()
	h := newHub(t, forgePlatform, fakegithub.Options{Teams: map[string][]string{"org/sre": {"ann"}}}, "a")
	h.deploy("a", 1)
	h.promote(delivery.PromoteOptions{})
	h.want("while it soaks", h.pullsNow(), []string{"#1 promote/staging/a draft"})
	h.now = h.now.Add(30 * time.Minute)
	p := h.promote(delivery.PromoteOptions{})
	h.want("after 30 minutes", h.pullsNow(), []string{"#2 promote/prod/a draft"})
	h.want("staging", h.runs("a"), "1 1 -")
	if i := slices.IndexFunc(p.Outcomes, func(o delivery.Outcome) bool { return o.Environment == "staging" }); p.Outcomes[i].Result != delivery.Promoted {
		t.Errorf("got %+v", p.Outcomes[i])
	}
	h.Requests()
	h.promote(delivery.PromoteOptions{})
	for _, request := range h.Requests() {
		if !strings.HasPrefix(request, "GET ") && !strings.Contains(request, "viewer") && !strings.Contains(request, "git-upload-pack") {
			t.Errorf("a run with nothing to do: %s", request)
		}
	}
	h.now = h.now.Add(time.Hour)
	h.promote(delivery.PromoteOptions{})
	h.want("ready", h.pullsNow(), []string{"#2 promote/prod/a"})
	pr := h.PullRequests()[1]
	h.want("reviewers", append(pr.Reviewers, pr.Teams...), []string{"ann", "sre"})
	h.want("labels", pr.Labels, []string{"promotion"})
	if err := h.Merge(2, "ann", "squash"); err != nil {
		t.Fatal(err)
	}
	h.promote(delivery.PromoteOptions{})
	h.want("merged", h.pullsNow(), []string(nil))
	h.want("prod", h.runs("a"), "1 1 1")
	var deployments []string
	for _, d := range h.Deployments() {
		deployments = append(deployments, d.Environment+" "+d.State())
	}
	h.want("deployments", deployments, []string{"dev success", "staging success", "prod success"})
	h.want("branches", h.remote.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/promote"), "")
}

// dieAt kills promote before its nth request that writes: one that reads leaves nothing half done. It returns whether there were as many.
func (h *hub) dieAt(n int) (died bool) {
	h.t.Helper()
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	writes := 0
	h.Fault(func(r *http.Request, _ int) fakegithub.Fault {
		if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			return fakegithub.None
		}
		if writes++; writes <= n {
			return fakegithub.None
		}
		died = true
		kill()
		return fakegithub.CutBefore
	})
	defer h.Fault(nil)
	d, _, _ := h.open()
	_, err := d.Promote(ctx, delivery.PromoteOptions{})
	if died && err == nil {
		h.t.Errorf("promote did not notice that it was killed at request %d", n)
	}
	return died
}
