package delivery

import (
	"errors"
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
	Declined      Result = "declined"       // a person has closed the pull request of just this
	Failed        Result = "failed"         // it does not render, or the forge refuses it; Reason says why
	Nothing       Result = ""               // no action was wanted, or it is a dry run
)

// Outcome is a step and what became of it.
type Outcome struct {
	promotion.Step
	Result Result `json:"result,omitempty"`
	Branch string `json:"branch,omitempty"`
	Commit string `json:"commit,omitempty"`

	PullRequest int    `json:"pullRequest,omitempty"`
	URL         string `json:"url,omitempty"`   // of the pull request
	Draft       bool   `json:"draft,omitempty"` // it waits for gates

	failure     error
	passThrough bool // in a dry run: it would be recorded without a pull request
	overtaken   bool // somebody else wrote first, so that the step says nothing of what is there now
}

// Promotion is the result of a reconciliation.
type Promotion struct {
	Outcomes []Outcome `json:"outcomes"` // of a cell written more than once, all, the last of them at last
	Closed   []Closed  `json:"closed,omitempty"`
	Requests int       `json:"requests,omitempty"` // to the forge
}

// Closed is a branch that was deleted, and its pull request closed.
type Closed struct {
	Branch string `json:"branch"`
	Reason string `json:"reason"`
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
		if o.failure != nil && !slices.Contains(failures, o.failure) { // those of a set share one
			failures = append(failures, o.failure)
		}
	}
	return errors.Join(failures...)
}

func (o Outcome) written() bool { return o.Result == Promoted || o.Result == PassedThrough }
