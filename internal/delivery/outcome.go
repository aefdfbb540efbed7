package delivery

import (
	"errors"
	"fmt"
	"slices"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/promotion"
)

// Result says what became of a step.
type Result string

// The results.
const (
	Proposed      Result = "proposed"       // its branch was made or brought up to date
	AlreadyOpen   Result = "open"           // its branch is as wanted
	Promoted      Result = "promoted"       // written into the environment
	PassedThrough Result = "passed through" // written, since it does not change the environment's manifests
	NotOurs       Result = "left alone"     // its branch holds somebody's commits
	Failed        Result = "failed"         // it does not render; Reason says why
	Nothing       Result = ""               // no action was wanted, or it is a dry run
)

// Outcome is a step and what became of it.
type Outcome struct {
	promotion.Step
	Result Result `json:"result,omitempty"`
	Branch string `json:"branch,omitempty"`
	Commit string `json:"commit,omitempty"`

	failure   error
	overtaken bool // somebody else wrote first, so that the step says nothing of what is there now
}

// Promotion is the result of a reconciliation.
type Promotion struct {
	Outcomes []Outcome `json:"outcomes"`         // of a cell written more than once, all, the last of them at last
	Closed   []string  `json:"closed,omitempty"` // branches deleted because they are merged or superseded
}

// Problems returns what is wrong with the state and blocks promotions, each thing once.
func (p *Promotion) Problems() []finding.Finding {
	var all []finding.Finding
	for _, o := range p.Outcomes {
		for _, problem := range o.Problems {
			if !slices.ContainsFunc(all, func(f finding.Finding) bool { return f.String() == problem.String() }) {
				all = append(all, problem)
			}
		}
	}
	return all
}

// Err returns why some promotions failed, or nil.
func (p *Promotion) Err() error {
	var failures []error
	for _, o := range p.Outcomes {
		if o.failure != nil {
			failures = append(failures, fmt.Errorf("promote %s to %s: %w", o.Component, o.Environment, o.failure))
		}
	}
	return errors.Join(failures...)
}

func (o Outcome) written() bool { return o.Result == Promoted || o.Result == PassedThrough }
