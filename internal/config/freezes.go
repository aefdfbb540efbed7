package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/org/platform/internal/schedule"
	"github.com/org/platform/internal/suggest"
)

// Window returns the window that the freeze describes.
func (f Freeze) Window() schedule.Window {
	return schedule.Window{Name: f.Name, TimeZone: f.TimeZone, Cron: f.Cron, Duration: time.Duration(f.Duration), From: f.From, To: f.To, Allow: f.Allow}
}

// Applies says whether the freeze is for promotions of a component to an environment.
func (f Freeze) Applies(environment, component string) bool {
	return (len(f.Environments) == 0 || slices.Contains(f.Environments, environment)) &&
		(len(f.Components) == 0 || slices.Contains(f.Components, component))
}

func (v *validator) freezes(freezes []Freeze) {
	names := map[string]bool{}
	for i, f := range freezes {
		at := func(rest ...any) []any { return append([]any{"spec", "freezes", i}, rest...) }
		switch {
		case strings.TrimSpace(f.Name) == "" || strings.ContainsFunc(f.Name, unicode.IsControl):
			v.report("freeze name "+isNot(f.Name, "a line of text"), "write what people are to read, for example weekend", at("name")...)
		case names[f.Name]:
			v.report(fmt.Sprintf("freeze %q is defined twice", f.Name), "rename or remove one", at("name")...)
		}
		names[f.Name] = true
		v.frozen(f, at("environments")...)
		v.componentNames(f.Components, at("components")...)
		var wrong *schedule.FieldError
		if _, err := schedule.Parse(f.Window()); errors.As(err, &wrong) {
			v.report(fmt.Sprintf("freeze %q: %s", f.Name, wrong.Message), wrong.Fix, at(wrong.Field)...)
		}
	}
}

// frozen checks the environments of a freeze. It is about promotions: who names an environment that gets deploys believes that it stops those.
func (v *validator) frozen(f Freeze, at ...any) {
	v.repeated("environment", f.Environments, asWritten, at...)
	for i, name := range f.Environments {
		place := append(slices.Clone(at), i)
		e, known := v.platform.Environment(name)
		switch {
		case !known:
			v.report("environment "+isNot(name, "known"), suggest.Hint(name, v.platform.EnvironmentNames()), place...)
		case len(e.PromoteFrom) == 0:
			v.report(fmt.Sprintf("freeze %q never applies to %q, which has no promoteFrom: deploys are not frozen", f.Name, name),
				"drop it here, and stop deploys in the workflow that makes them", place...)
		}
	}
}
