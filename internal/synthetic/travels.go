package synthetic

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// Travels are a monorepo whose releases have travelled for a while: from dev through staging to production, of which one environment goes before
// the others. The same travels give the same commits but for their times.
type Travels struct {
	Services int       // components, more than a third of Wanted
	Commits  int       // on main: of each six, one changes a source and five bring it to the environments
	Wanted   int       // promotions that remain to be made
	Now      time.Time // when the newest commit was made
}

// interval is the time between two commits: 200 a day.
const interval = 24 * time.Hour / 200

// drained is how many commits follow the last release until all have arrived everywhere, and those of that release.
const drained = 1 + 4 + 40 + 44 + 48 + 6

// hops are how many releases later one comes to each environment, in their order: those after staging have to wait for a day.
var hops = [travelled]int{1, 4, 40, 44, 48}

// travelled is how many environments there are.
const travelled = 5

func (t Travels) options() Options {
	return Options{Services: t.Services, Environments: travelled, History: t.Commits}
}

// ends returns how many releases are in dev and no further, and how many in staging and no further: of these each is wanted in three environments.
func (t Travels) ends() (dev, staging int) {
	staging = t.Wanted / 6
	return t.Wanted - 3*staging, staging
}

func (t Travels) validate() error {
	dev, staging := t.ends()
	if t.Wanted < 1 || dev+staging > t.Services || t.Commits < 2+drained+2*dev+3*staging {
		return fmt.Errorf("%d promotions of %d services in %d commits cannot be wanted", t.Wanted, t.Services, t.Commits)
	}
	return nil
}

// WriteTravels is Write for a monorepo with travels behind it.
func WriteTravels(ctx context.Context, dir string, t Travels) (*Repository, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	begin := t.Now.Add(-time.Duration(t.Commits-1) * interval)
	return write(ctx, dir, t.options(), &stream{begin: begin, interval: interval}, func(s *stream, r *Repository) error {
		return s.travels(ctx, t, r)
	})
}

func (s *stream) travels(ctx context.Context, t Travels, r *Repository) (err error) {
	o := t.options()
	templates, err := o.templates(ctx)
	if err != nil {
		return fmt.Errorf("render the shapes of services: %w", err)
	}
	if err := s.found(ctx, o, r, t.platform()); err != nil {
		return err
	}
	onTheWay := &traveller{stream: s, templates: templates}
	dev, staging := t.ends()
	last := t.Commits - 2*dev - 3*staging
	random := rand.New(rand.NewPCG(1, 2))
	for s.commits+drained <= last {
		often := random.Float64()
		if err := onTheWay.release(int(often * often * float64(t.Services))); err != nil { // some services are released more often than others
			return err
		}
	}
	if err := onTheWay.arrive(ctx, last); err != nil {
		return err
	}
	for n := range dev + staging {
		reached := 1
		if n < staging {
			reached = 2
		}
		const spread = 7919 // a prime, so that each is another service
		if err := onTheWay.bring(n*spread%t.Services, reached); err != nil {
			return err
		}
	}
	if r.Head, err = s.last(); err != nil {
		return err
	}
	fmt.Fprintln(s.w, "done")
	return s.w.Flush()
}

// traveller makes releases and brings them to environments.
type traveller struct {
	*stream
	templates map[cellShape]string
	made      []travel
}

// travel is a release of a service, and how far it has come.
type travel struct {
	release.Release
	service int
}

// source makes a release from a new commit.
func (t *traveller) source(service int) (travel, error) {
	n := len(t.made)
	t.commit(fmt.Sprintf("Describe change %d of %s", n, Service(service)))
	t.file(ServiceDir(service)+"/README.md", fmt.Appendf(nil, "# %s\n\nOwned by %s. Change %d.\n", Service(service), team(service), n))
	commit, err := t.last()
	r := release.New(Service(service), release.Source{Commit: commit, Path: ServiceDir(service)}, []release.Image{Image(service, n+1)})
	t.made = append(t.made, travel{r, service})
	return t.made[n], err
}

// release makes a release, and brings those made before to where they are due.
func (t *traveller) release(service int) error {
	_, err := t.source(service)
	for environment, hop := range hops {
		if n := len(t.made) - 1 - hop; n >= 0 {
			t.to(t.made[n], environment)
		}
	}
	return err
}

// arrive brings all releases to all environments, and then has people commit until there are so many commits.
func (t *traveller) arrive(ctx context.Context, commits int) error {
	count := len(t.made)
	for later := range hops[travelled-1] {
		for environment, hop := range hops {
			if n := count + later - hop; n >= 0 && n < count {
				t.to(t.made[n], environment)
			}
		}
	}
	for t.commits < commits {
		t.commit("Tell more")
		t.file("NOTES.md", fmt.Appendf(nil, "Note %d.\n", t.commits))
	}
	return ctx.Err()
}

// bring makes a release and brings it to the first environments at once.
func (t *traveller) bring(service, environments int) error {
	made, err := t.source(service)
	for environment := range environments {
		t.to(made, environment)
	}
	return err
}

// to makes the commit that brings a release to an environment.
func (t *traveller) to(made travel, environment int) {
	name, from := Environment(environment), ""
	if environment > 0 {
		from = Environment(min(environment-1, 1))
	}
	verb := "deploy"
	if environment > 0 {
		verb = "promote"
	}
	t.commit(fmt.Sprintf("%s(%s): %s", verb, name, made.Component))
	names := strings.NewReplacer(theService, made.Component, theTeam, team(made.service), theDigest, made.Digest())
	manifests := []byte(names.Replace(t.templates[cellShape{shapeOf(made.service), name}]))
	files := state.Files(release.NewRecord(made.Release, from, manifests), manifests)
	dir := state.Dir(stateDir, state.Key{Environment: name, Component: made.Component})
	for _, file := range slices.Sorted(maps.Keys(files)) {
		t.file(path.Join(dir, file), files[file])
	}
}

// platform returns platform.yaml: production in three places, of which one goes first and one is frozen now.
func (t Travels) platform() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata:\n  name: acme\nspec:\n  registry: %s\n  components:\n    - services/*\n  environments:\n",
		config.APIVersion, config.Kind, Registry)
	fmt.Fprintf(&b, "    - name: %s\n    - name: %s\n      promoteFrom: [%[1]s]\n      promotion: automatic\n      gates:\n        - soak: 30m\n"+
		"        - checks: [integration]\n", Environment(0), Environment(1))
	for e := 2; e < travelled; e++ {
		fmt.Fprintf(&b, "    - name: %s\n      promoteFrom: [%s]\n      promotion: manual\n", Environment(e), Environment(1))
		if e > 2 {
			b.WriteString("      wave: 1\n")
		}
		b.WriteString("      gates:\n        - soak: 24h\n        - minInterval: 4h\n")
	}
	const minute = "2006-01-02T15:04"
	fmt.Fprintf(&b, "  freezes:\n    - name: sale\n      environments: [%s]\n      timeZone: Etc/UTC\n      from: %s\n      to: %s\n",
		Environment(travelled-1), t.Now.UTC().AddDate(0, 0, -1).Format(minute), t.Now.UTC().AddDate(0, 0, 1).Format(minute))
	return b.Bytes()
}
