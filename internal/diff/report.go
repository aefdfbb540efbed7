package diff

import (
	"cmp"
	"errors"
	"slices"
)

// Source says which of the two kinds of manifests a change is one of.
type Source string

// The sources.
const (
	State   Source = "state"   // what runs once the change is merged
	Overlay Source = "overlay" // what people wrote, rendered: it runs once it is released and promoted
)

// Input is what one component comes to in one environment before and after a change.
type Input struct {
	Source                 Source // Overlay where empty
	Component, Environment string
	Path                   string   // the folder that is rendered, or the file
	Before, After          []byte   // manifests; nil where there are none
	BeforeErr, AfterErr    error    // why there are none
	Files                  []string // the changed files that were read for it, as far as known
}

// Options are what a report needs to know besides.
type Options struct {
	Environments []string // in the order in which releases travel: the last ones matter most
	Base, Head   string   // the commits compared
}

// Report is what a change does to rendered manifests.
type Report struct {
	Blast   string              `json:"blast"` // how far the change reaches, in a sentence
	Base    string              `json:"base,omitempty"`
	Head    string              `json:"head,omitempty"`
	Reach   []Reach             `json:"reach"`
	Changes []EnvironmentChange `json:"changes"`

	environments []string // the most important first
	because      because
}

// Reach names the components that a change reaches in one environment.
type Reach struct {
	Effect      Effect   `json:"effect"`
	Environment string   `json:"environment"`
	Components  []string `json:"components"`
}

// Effect is what a change does to a component in an environment.
type Effect string

// The effects, the gravest first.
const (
	Breaks  Effect = "breaks"  // it no longer renders
	Runs    Effect = "runs"    // what runs there is another one
	Renders Effect = "renders" // what is released next is another one
)

// EnvironmentChange is what a change does to one component in one environment.
type EnvironmentChange struct {
	Source      Source   `json:"source"`
	Environment string   `json:"environment"`
	Component   string   `json:"component"`
	Path        string   `json:"path"`
	New         bool     `json:"new,omitempty"`       // there were no manifests before the change
	Gone        bool     `json:"gone,omitempty"`      // there are none after it
	Error       string   `json:"error,omitempty"`     // why it does not render
	BaseError   string   `json:"baseError,omitempty"` // why it did not render before: there is nothing to compare with
	Objects     []Object `json:"objects,omitempty"`

	Err   error    `json:"-"` // of Error
	files []string // that brought it, as far as known
}

// Broken says whether the change broke it.
func (c EnvironmentChange) Broken() bool { return c.Error != "" && c.BaseError == "" }

// New compares the manifests of all inputs.
func New(inputs []Input, o Options) *Report {
	r := &Report{Base: o.Base, Head: o.Head, Changes: []EnvironmentChange{}, environments: slices.Clone(o.Environments)}
	slices.Reverse(r.environments)
	var extra []string // environments that nobody gave a place
	for _, in := range inputs {
		if c := compare(in); c.Error != "" || c.BaseError != "" || len(c.Objects) > 0 {
			r.Changes = append(r.Changes, c)
		}
		if !slices.Contains(r.environments, in.Environment) {
			extra = append(extra, in.Environment)
		}
	}
	slices.Sort(extra)
	r.environments = append(r.environments, slices.Compact(extra)...)
	slices.SortStableFunc(r.Changes, func(a, b EnvironmentChange) int {
		return cmp.Or(
			cmp.Compare(a.gravity(), b.gravity()),
			cmp.Compare(slices.Index(r.environments, a.Environment), slices.Index(r.environments, b.Environment)),
			cmp.Compare(b.Source, a.Source), // "state" > "overlay"
			cmp.Compare(a.Component, b.Component),
		)
	})
	r.because = reason(r.Changes)
	r.Reach = r.reach()
	r.Blast = r.blast(visible)
	return r
}

// gravity is small for what must be seen first.
func (c EnvironmentChange) gravity() int {
	switch {
	case c.Broken():
		return 0
	case len(c.Objects) > 0:
		return 1
	default:
		return 2
	}
}

func compare(in Input) EnvironmentChange {
	c := EnvironmentChange{Source: cmp.Or(in.Source, Overlay), Environment: in.Environment, Component: in.Component, Path: in.Path, files: in.Files}
	if in.AfterErr != nil {
		c.Error, c.Err = in.AfterErr.Error(), in.AfterErr
	}
	if in.BeforeErr != nil {
		c.BaseError = in.BeforeErr.Error()
	}
	if c.Error != "" || c.BaseError != "" {
		return c
	}
	objects, err := Compare(in.Before, in.After)
	var unreadable *beforeError
	switch {
	case errors.As(err, &unreadable):
		c.BaseError = err.Error()
		return c
	case err != nil:
		c.Error, c.Err = err.Error(), err
		return c
	}
	c.Objects = objects
	c.New, c.Gone = in.Before == nil && len(objects) > 0, in.After == nil && len(objects) > 0
	return c
}

// Changed says whether any manifests are not as they were.
func (r *Report) Changed() bool { return len(r.Reach) > 0 }

// Failure is what broke in the same way in some environments of some components.
type Failure struct {
	Message string              // for people, on several lines where the cause has several
	Places  []EnvironmentChange // what broke
}

// Failures returns what the change broke, the most important first.
func (r *Report) Failures() []Failure {
	broken, _, _ := r.parts()
	var list []Failure
	for _, g := range broken {
		f := Failure{Message: g.complaint(visible) + ": " + g.change.Error}
		for _, c := range r.Changes {
			if c.Broken() && slices.Contains(g.components, c.Component) && slices.Contains(g.environments, c.Environment) {
				f.Places = append(f.Places, c)
			}
		}
		list = append(list, f)
	}
	return list
}

func (c EnvironmentChange) effect() Effect {
	switch {
	case c.Broken():
		return Breaks
	case c.Source == State:
		return Runs
	default:
		return Renders
	}
}

// reach lists environments by effect, the gravest and the most important first.
func (r *Report) reach() []Reach {
	list := []Reach{}
	for _, effect := range []Effect{Breaks, Runs, Renders} {
		for _, env := range r.environments {
			var components []string
			for _, c := range r.Changes {
				if c.Environment == env && c.effect() == effect && (c.Broken() || len(c.Objects) > 0) {
					components = append(components, c.Component)
				}
			}
			slices.Sort(components)
			if components = slices.Compact(components); len(components) > 0 {
				list = append(list, Reach{effect, env, components})
			}
		}
	}
	return list
}
