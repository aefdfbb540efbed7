package promotion

import (
	"errors"
	"fmt"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/state"
)

// checks wants commit statuses or check runs to have succeeded on the commit that brought the release to an environment, or on its source.
func (p *planner) checks(env config.Environment, s Step, where string, names []string) Verdict {
	if p.Checks == nil {
		return failed(GateChecks, errors.New("needs a forge: a plain Git remote has no statuses and check runs"))
	}
	runs, why, err := p.runsOf(env, s, where)
	if err != nil {
		return failed(GateChecks, err)
	}
	if why != "" {
		return Verdict{Reason: why}
	}
	if runs[0].Commit == "" {
		return Verdict{Reason: "it is not known which commit brought it to " + where}
	}
	var outcomes []map[string]CheckState
	for _, commit := range []string{runs[0].Commit, s.Release.Source.Commit} {
		outcome, err := p.Checks(commit)
		if err != nil {
			return failed(GateChecks, fmt.Errorf("checks of %.12s: %w", commit, err))
		}
		outcomes = append(outcomes, outcome)
	}
	var not []string
	for _, name := range names {
		if state := worst(name, outcomes); state != CheckSuccess {
			not = append(not, name+" "+string(state))
		}
	}
	if len(not) > 0 {
		return Verdict{Reason: fmt.Sprintf("%s (on %.12s of %s or source %.12s)", strings.Join(not, ", "), runs[0].Commit, where, s.Release.Source.Commit)}
	}
	return Verdict{Holds: true, Reason: strings.Join(names, ", ") + " succeeded"}
}

const checkMissing CheckState = "missing"

// worst returns what a check says of several commits: it may be missing on some, but must have failed on none.
func worst(name string, outcomes []map[string]CheckState) CheckState {
	said := checkMissing
	for _, outcome := range outcomes {
		switch outcome[name] {
		case CheckFailure:
			return CheckFailure
		case CheckSuccess:
			said = CheckSuccess
		case CheckPending:
			if said == checkMissing {
				said = CheckPending
			}
		}
	}
	return said
}

// deploymentSuccess is what GitHub calls a deployment that went well.
const deploymentSuccess = "success"

// deployment wants the GitHub Deployment of the release in an environment to have succeeded.
func (p *planner) deployment(s Step, where string) Verdict {
	if p.Deployment == nil {
		return failed(GateDeployment, errors.New("needs a forge: a plain Git remote has no deployments"))
	}
	switch outcome, err := p.Deployment(state.Key{Environment: where, Component: s.Component}, s.Release.ID); {
	case err != nil:
		return failed(GateDeployment, fmt.Errorf("deployment to %s: %w", where, err))
	case outcome == "":
		return Verdict{Reason: "there is no deployment to " + where}
	default:
		return Verdict{Holds: outcome == deploymentSuccess, Reason: fmt.Sprintf("the deployment to %s is %s", where, outcome)}
	}
}

// policy wants the policies of promotions to have nothing against it.
func (p *planner) policy(s Step) Verdict {
	v := Verdict{Gate: GatePolicy, Reason: "the policies were not asked: promote --verdicts says what they said"}
	if p.Denied == nil {
		return v
	}
	reasons, known := p.Denied(s.Key, s.Release.ID)
	switch {
	case known && len(reasons) == 0:
		v.Holds, v.Reason = true, "the policies let it pass"
	case known:
		v.Reason = strings.Join(strings.Fields(strings.Join(reasons, "; ")), " ")
	}
	return v
}
