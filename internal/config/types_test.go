package config_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/config"
)

func load(t *testing.T, file string) *config.Platform {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := config.Load(repository(data), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlatform(t *testing.T) {
	t.Parallel()
	p := load(t, "testdata/good/platform.yaml")
	if diff := cmp.Diff([]string{"sandbox", "dev", "staging", "qa", "prod"}, p.EnvironmentNames()); diff != "" {
		t.Errorf("names: -want +got:\n%s", diff)
	}
	var roots []string
	for _, e := range p.Roots() {
		roots = append(roots, e.Name)
	}
	if diff := cmp.Diff([]string{"sandbox", "dev"}, roots); diff != "" {
		t.Errorf("roots: -want +got:\n%s", diff)
	}
	staging, ok := p.Environment("staging")
	if !ok || staging.Promotion != config.PromotionAutomatic || time.Duration(staging.Gates[0].Soak) != 90*time.Minute {
		t.Errorf("got %+v, %v", staging, ok)
	}
	if e, ok := p.Environment("Staging"); ok {
		t.Errorf("got %+v", e)
	}
	if got, want := p.Image("Hello.World"), "localhost:5000/org/team_a/x--y/hello.world"; got != want {
		t.Errorf("got image %s, want %s", got, want)
	}
}

func TestUnknownEnvironmentError(t *testing.T) {
	t.Parallel()
	err := &config.UnknownEnvironmentError{Name: "stagin", Known: []string{"dev", "staging"}}
	if got, want := err.Error(), `unknown environment "stagin": did you mean staging?`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Whatever the order in the file, an environment comes after all it is promoted from, and what is free keeps its order.
func TestEnvironmentsAreInTheOrderReleasesTravel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "environments")
		environments := make([]config.Environment, n)
		for i := range environments {
			environments[i].Name = fmt.Sprintf("e%d", i)
			for j := range i {
				if rapid.Bool().Draw(t, "edge") {
					environments[i].PromoteFrom = append(environments[i].PromoteFrom, environments[j].Name)
				}
			}
		}
		file := config.Platform{APIVersion: config.APIVersion, Kind: config.Kind, Metadata: config.Metadata{Name: "p"},
			Spec: config.Spec{Registry: "ghcr.io/org", Components: []string{"services/*"}, Environments: rapid.Permutation(environments).Draw(t, "order")}}
		data, err := yaml.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := config.Load(repository(data), config.Options{})
		if err != nil {
			t.Fatal(err)
		}
		names := p.EnvironmentNames()
		if len(names) != n {
			t.Fatalf("got %v", names)
		}
		for i, e := range p.Spec.Environments {
			for _, from := range e.PromoteFrom {
				if slices.Index(names, from) >= i {
					t.Fatalf("%s comes before %s in %v", e.Name, from, names)
				}
			}
		}
	})
}

func TestHostileFilesAreBounded(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x]\n"
	for c := 'b'; c < 'n'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 20), c-1)
	}
	long := strings.Repeat("x", 1<<20)
	const head = "apiVersion: platform/v1\nkind: Platform\nmetadata: {name: p}\nspec:\n  registry: ghcr.io/org\n"
	for name, text := range map[string]string{
		"bomb":             bomb,
		"bomb of globs":    head + "  components: &g [" + strings.Repeat("a/*, ", 50_000) + "]\n  environments: [{name: dev}]\n  policies: *g\n",
		"line":             long,
		"field":            long + ": 1\n",
		"registry":         strings.Replace(head, "ghcr.io/org", long, 1) + "  components: [services/*]\n  environments: [{name: dev}]\n",
		"environment":      head + "  components: [services/*]\n  environments: [{name: " + long + "}]\n",
		"promoteFrom":      head + "  components: [services/*]\n  environments: [{name: dev}, {name: prod, promoteFrom: [" + long + "]}]\n",
		"glob":             head + "  components: [" + long + "]\n  environments: [{name: dev}]\n",
		"brackets":         head + strings.Repeat("[", 1<<20),
		"sets":             head + "  components: [services/*]\n  environments: [{name: dev}]\n  sets: [{name: s, components: [" + strings.Repeat("a,", 50_000) + "a]}]\n",
		"gates":            head + "  components: [services/*]\n  environments: [{name: dev}, {name: prod, promoteFrom: [dev], gates: [" + strings.Repeat("{in: e},", 20_000) + "{}]}]\n",
		"freeze":           head + "  components: [services/*]\n  environments: [{name: dev}]\n  freezes: [{name: f, duration: 1h, cron: '" + long + "', timeZone: UTC}]\n",
		"time zone":        head + "  components: [services/*]\n  environments: [{name: dev}]\n  freezes: [{name: f, duration: 1h, cron: '@daily', timeZone: " + long + "}]\n",
		"a circle of many": head + "  components: [services/*]\n  environments:\n" + circle(2000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := config.Load(repository([]byte(text)), config.Options{})
			if err == nil {
				t.Fatal("accepted")
			}
			if took, size := time.Since(start), len(err.Error()); took > 5*time.Second || size > 100_000 {
				t.Errorf("took %v, message of %d bytes", took, size)
			}
		})
	}
}

func circle(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {name: e%d, promoteFrom: [e%d]}\n", i, (i+1)%n)
	}
	return b.String()
}
