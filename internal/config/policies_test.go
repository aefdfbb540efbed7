package config_test

import (
	"slices"
	"testing"

	"github.com/org/platform/internal/config"
)

func TestSeverityOf(t *testing.T) {
	t.Parallel()
	p := &config.Platform{Spec: config.Spec{
		Severity: config.Severities{"gone": "off", "strict": "error", "quiet": "off"},
		Environments: []config.Environment{
			{Name: "dev", Severity: config.Severities{"*": "warning", "quiet": "error"}}, {Name: "prod"},
		},
	}}
	for _, c := range []struct{ rule, environment, want string }{
		{"gone", "dev", "off"}, {"gone", "prod", "off"}, {"gone", "", "off"},
		{"strict", "dev", "warning"}, {"strict", "prod", "error"}, {"strict", "", "error"},
		{"quiet", "dev", "error"}, {"quiet", "prod", "off"},
		{"other", "dev", "warning"}, {"other", "prod", ""}, {"other", "unknown", ""},
	} {
		if got := p.SeverityOf(c.rule, c.environment); got != c.want {
			t.Errorf("%s in %q: got %q, want %q", c.rule, c.environment, got, c.want)
		}
	}
	p.Spec.Severity["*"] = "warning"
	if got := p.SeverityOf("other", "prod"); got != "warning" {
		t.Errorf("got %q of the rules that are not named", got)
	}
}

func TestProduction(t *testing.T) {
	t.Parallel()
	p := &config.Platform{Spec: config.Spec{Environments: []config.Environment{{Name: "dev"}, {Name: "perf"}, {Name: "staging", PromoteFrom: []string{"dev"}},
		{Name: "eu", PromoteFrom: []string{"staging"}}, {Name: "us", PromoteFrom: []string{"staging"}}}}}
	if got := p.Production(); !slices.Equal(got, []string{"eu", "us"}) {
		t.Errorf("got %v", got)
	}
}
