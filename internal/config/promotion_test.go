package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
)

func TestFreezesThatApply(t *testing.T) {
	t.Parallel()
	p := load(t, "testdata/everything-of-promotion/platform.yaml")
	for _, c := range []struct{ environment, component, want string }{
		{"staging", "web", "weekend, inventory"},
		{"eu", "web", "weekend, business hours, inventory"},
		{"eu", "api", "weekend, inventory"},
		{"us", "web", "weekend, inventory"},
	} {
		var names []string
		for _, f := range p.Spec.Freezes {
			if f.Applies(c.environment, c.component) {
				names = append(names, f.Name)
			}
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s in %s: got %s, want %s", c.component, c.environment, got, c.want)
		}
	}
	w := p.Spec.Freezes[1].Window()
	if w.Name != "business hours" || !w.Allow || w.TimeZone != "Europe/Berlin" || w.Cron != "0 9 * * MON-FRI" || w.Duration != 8*time.Hour {
		t.Errorf("got %+v", w)
	}
	if w := p.Spec.Freezes[2].Window(); w.From != "2026-12-20T00:00" || w.To != "2027-01-04T06:00" || w.Allow {
		t.Errorf("got %+v", w)
	}
}

func TestLongestSoak(t *testing.T) {
	t.Parallel()
	gates := func(g ...config.Gate) config.Environment { return config.Environment{Gates: g} }
	hours := func(n int) config.Duration { return config.Duration(time.Duration(n) * time.Hour) }
	for name, c := range map[string]struct {
		environments []config.Environment
		want         time.Duration
	}{
		"no gate":     {nil, 0},
		"no time":     {[]config.Environment{gates(config.Gate{Policy: true})}, 0},
		"soak":        {[]config.Environment{gates(config.Gate{Soak: hours(2)}, config.Gate{MinInterval: hours(1)}), gates(config.Gate{Soak: hours(1)})}, 2 * time.Hour},
		"minInterval": {[]config.Environment{gates(config.Gate{Soak: hours(2)}), gates(config.Gate{Policy: true}, config.Gate{MinInterval: hours(3)})}, 3 * time.Hour},
	} {
		p := config.Platform{Spec: config.Spec{Environments: c.environments}}
		if got := p.LongestSoak(); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestBefore(t *testing.T) {
	t.Parallel()
	p := load(t, "testdata/waves/platform.yaml")
	for name, want := range map[string][]string{
		"dev": nil, "staging": nil, "qa": {"staging"}, "canary": nil, "eu": {"canary"}, "us": {"canary"}, "ap": {"canary", "us", "eu"}, "drill": nil,
	} {
		e, _ := p.Environment(name)
		if got := p.Before(e); !slices.Equal(got, want) {
			t.Errorf("before %s: got %v, want %v", name, got, want)
		}
	}
}

func TestSetOf(t *testing.T) {
	t.Parallel()
	p := load(t, "testdata/everything-of-promotion/platform.yaml")
	for component, want := range map[string]string{"web": "shop", "payments": "billing", "hello": ""} {
		if set, found := p.SetOf(component); set.Name != want || found != (want != "") {
			t.Errorf("%s: got %+v, %v", component, set, found)
		}
	}
}

func TestCheckComponents(t *testing.T) {
	t.Parallel()
	const text = `apiVersion: platform/v1
kind: Platform
metadata: {name: shop}
spec:
  registry: ghcr.io/org
  components: ["services/*"]
  environments: [{name: dev}]
  freezes:
  - name: weekend
    cron: "@weekly"
    duration: 2d
    components: [api, wbe]
  sets:
  - name: hello
    components: [web, aip]
  - name: billing
    components: [invoices, web-x]
`
	root := repository([]byte(text))
	p, err := config.Load(root, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var problems finding.Problems
	if err := p.CheckComponents(root, []string{"Hello", "api", "web", "invoices"}); !errors.As(err, &problems) {
		t.Fatalf("got %v", err)
	}
	want := `platform.yaml:12:23: component "wbe" does not exist (did you mean web?)
platform.yaml:14:11: set "hello" has the name of a component, so both would use one branch (rename the set)
platform.yaml:15:23: component "aip" does not exist (did you mean api?)
platform.yaml:17:28: component "web-x" does not exist (did you mean web?)`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := p.CheckComponents(root, []string{"api", "aip", "web", "wbe", "web-x", "invoices"}); err != nil {
		t.Errorf("got %v", err)
	}
	delete(root, config.FileName)
	if err := p.CheckComponents(root, nil); err == nil || errors.As(err, &problems) {
		t.Errorf("a file that cannot be read: got %v", err)
	}
}

// anyPromotion draws a graph of environments that Load accepts, in any order.
func anyPromotion(t *rapid.T) []config.Environment {
	environments := make([]config.Environment, rapid.IntRange(1, 10).Draw(t, "environments"))
	for i := range environments {
		e := &environments[i]
		e.Name = fmt.Sprintf("e%d", i)
		if i > 1 && rapid.Bool().Draw(t, "sibling") { // promoted from the same as the one before it, in another order
			e.PromoteFrom = slices.Clone(environments[i-1].PromoteFrom)
			slices.Reverse(e.PromoteFrom)
			if len(e.PromoteFrom) > 0 {
				e.Wave = rapid.IntRange(0, 3).Draw(t, "wave")
			}
			continue
		}
		for j := range i {
			if rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
				e.PromoteFrom = append(e.PromoteFrom, environments[j].Name)
			}
		}
		if len(e.PromoteFrom) > 0 && rapid.Bool().Draw(t, "gate") {
			e.Gates = []config.Gate{{Soak: config.Duration(time.Hour), In: e.PromoteFrom[0]}}
			e.Mode = rapid.SampledFrom([]string{"", config.ModeQueue}).Draw(t, "mode")
		}
	}
	return rapid.Permutation(environments).Draw(t, "order")
}

func platformOf(t *rapid.T, environments []config.Environment) *config.Platform {
	data, err := yaml.Marshal(config.Platform{APIVersion: config.APIVersion, Kind: config.Kind, Metadata: config.Metadata{Name: "p"},
		Spec: config.Spec{Registry: "ghcr.io/org", Components: []string{"services/*"}, Environments: environments}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := config.Load(repository(data), config.Options{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return p
}

// No environment comes before one of a lower wave, nor before one that it is promoted from, nor is one lost.
func TestWavesAreInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		environments := anyPromotion(t)
		p := platformOf(t, environments)
		names := p.EnvironmentNames()
		if len(names) != len(environments) {
			t.Fatalf("got %v", names)
		}
		for i, e := range p.Spec.Environments {
			for j, later := range p.Spec.Environments[i+1:] {
				same := len(e.PromoteFrom) > 0 && cmp.Equal(slices.Sorted(slices.Values(e.PromoteFrom)), slices.Sorted(slices.Values(later.PromoteFrom)))
				if same && later.Wave < e.Wave || slices.Contains(e.PromoteFrom, later.Name) {
					t.Fatalf("%s comes before %s in %v", e.Name, names[i+1+j], names)
				}
			}
		}
	})
}

// What Load returns can be written and loaded again, and is the same: no default contradicts a rule, and the order is stable.
func TestLoadedPlatformsLoad(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := platformOf(t, anyPromotion(t))
		if diff := cmp.Diff(p.Spec.Environments, platformOf(t, p.Spec.Environments).Spec.Environments); diff != "" {
			t.Fatalf("-first +second:\n%s", diff)
		}
	})
	p := load(t, "testdata/everything-of-promotion/platform.yaml")
	data, err := yaml.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := config.Load(repository(data), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, again); diff != "" {
		t.Errorf("-first +second:\n%s", diff)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "0d": 0, "0": 0, "1d0.5h": 24*time.Hour + 30*time.Minute,
		"106751d": 106751 * 24 * time.Hour, "007d": 168 * time.Hour, "100000d4000h": 100000*24*time.Hour + 4000*time.Hour,
	} {
		var d config.Duration
		if err := yaml.Unmarshal([]byte(text), &d); err != nil || time.Duration(d) != want {
			t.Errorf("%s: got %v, %v", text, time.Duration(d), err)
		}
		if b, err := json.Marshal(d); err != nil || string(b) != `"`+want.String()+`"` {
			t.Errorf("%s: got %s, %v", text, b, err)
		}
	}
	for _, text := range []string{`""`, "d", "1.5d", "-1d", "1d-1h", "1d+1h", "12h1d", "1d1d", "1 d", "106752d", "106751d24h", "999999999d", "99999999999999999999d", "1D", "1w", "7"} {
		var d config.Duration
		if err := yaml.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s: got %v", text, time.Duration(d))
		}
	}
}
