package promotion_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/state"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	shop := func(order string, change ...func(*config.Environment)) *config.Platform {
		p := platform(env("dev", ""), env("prod", "dev", change...), env("dr", "dev"))
		p.Spec.Sets = []config.Set{{Name: "shop", Components: []string{"web", "api", "cart"}, Order: order}}
		return p
	}
	for name, c := range map[string]struct {
		platform *config.Platform
		state    *state.State
		since    map[string]time.Duration
		want     []string
	}{
		"each alone":           {platform(env("dev", ""), env("prod", "dev")), running("dev=1 dev/api=1"), nil, []string{"promote/prod/api propose api: dev runs it", "promote/prod/hello propose hello: dev runs it"}},
		"what waits, too":      {platform(env("dev", ""), env("prod", "dev", soak(time.Hour))), running("dev=1"), map[string]time.Duration{"dev": 0}, []string{"promote/prod/hello wait hello: soak: dev has run it for 0s of 1h until 13:00:00"}},
		"not what has nothing": {platform(env("dev", ""), env("qa", ""), env("prod", "dev+qa")), running("dev=1 qa=2 dev/api=! dev/web=1 qa/web=1 prod/web=1"), nil, nil},
		"a set": {shop(""), running("dev/hello=1 dev/api=1 dev/cart=1 dev/web=1"), nil, []string{"promote/prod/shop* propose web,api,cart: dev runs it", "promote/prod/hello propose hello: dev runs it",
			"promote/dr/shop* propose web,api,cart: dev runs it", "promote/dr/hello propose hello: dev runs it"}},
		"a set of one":               {shop("atomic"), running("dev/api=2 prod/api=1 dr/api=2"), nil, []string{"promote/prod/shop* propose api: dev runs it"}},
		"what is up to date is left": {shop("atomic"), running("dev/api=2 dev/web=1 prod/api=1 prod/web=1 dr/api=2 dr/web=1"), nil, []string{"promote/prod/shop* propose api: dev runs it"}},
		"one is blocked": {shop("atomic"), running("dev/api=2 dev/web=1 prod/web=! dr/api=2 dr/web=1"), nil, []string{
			"promote/prod/shop* wait api: web: environments/prod/web: was edited by hand"}},
		"all are blocked": {shop("atomic"), running("dev/api=! dev/web=!"), nil, nil},
		"all wait": {shop("atomic", soak(time.Hour)), running("dev/api=2 dev/web=1 dr/api=2 dr/web=1"), map[string]time.Duration{"dev": 10 * time.Minute}, []string{
			"promote/prod/shop* wait web,api: web: soak: dev has run it for 10m of 1h; api: soak: dev has run it for 10m of 1h until 12:50:00"}},
		"it is not known how long": {shop("atomic", soak(time.Hour)), running("dev/api=2 dev/web=1 dr/api=2 dr/web=1 prod/web=!"), map[string]time.Duration{"dev": 10 * time.Minute}, []string{
			"promote/prod/shop* wait api: web: environments/prod/web: was edited by hand; api: soak: dev has run it for 10m of 1h"}},
		"automatic": {shop("atomic", automatic), running("dev/api=2 dev/web=1 dr/api=2 dr/web=1"), nil, []string{"promote/prod/shop* merge web,api: dev runs it and promotion to prod is automatic"}},
		"ordered":   {shop("ordered"), running("dev/api=2 dev/web=1 dr/api=2 dr/web=1"), nil, []string{"promote/prod/api wait api: set: web comes first and does not run " + id("web", "1") + " here", "promote/prod/web propose web: dev runs it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, u := range promotion.Units(c.platform, promotion.Plan(input(c.platform, c.state, c.since))) {
				var components []string
				for _, s := range u.Steps {
					components = append(components, s.Component)
				}
				line := u.Branch() + map[bool]string{true: "*"}[u.Atomic] + " " + string(u.Action) + " " + strings.Join(components, ",") + ": " + u.Reason
				if !u.Until.IsZero() {
					line += " until " + u.Until.Format(time.TimeOnly)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A set of which one component is merged by automation and another by a person is merged by a person, in the order of the set, whichever comes first.
func TestUnitsTakeTheLeast(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("prod", "dev"))
	p.Spec.Sets = []config.Set{{Name: "shop", Components: []string{"web", "api"}}}
	step := func(component string, action promotion.Action, until time.Time) promotion.Step {
		return promotion.Step{Key: key("prod/" + component), Action: action, Release: record(component, "1"), Reason: string(action), Until: until}
	}
	actions := []promotion.Action{promotion.Merge, promotion.Propose, promotion.Wait}
	for i, a := range actions {
		for j, b := range actions {
			steps := []promotion.Step{step("api", a, now), step("web", b, now.Add(time.Hour))}
			units := promotion.Units(p, steps)
			if len(units) != 1 || units[0].Action != actions[max(i, j)] || units[0].Steps[0].Component != "web" {
				t.Errorf("%s and %s: got %+v", a, b, units)
			}
			want := map[promotion.Action]time.Time{promotion.Wait: now.Add(time.Hour)}[b]
			if a == promotion.Wait && b != promotion.Wait {
				want = now
			}
			if !units[0].Until.Equal(want) {
				t.Errorf("%s and %s: got %s, want %s", a, b, units[0].Until, want)
			}
			if !slices.EqualFunc(steps, []string{"api", "web"}, func(s promotion.Step, name string) bool { return s.Component == name }) {
				t.Error("the plan was changed")
			}
		}
	}
}
