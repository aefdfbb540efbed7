package promotion

import (
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// Action is what should happen to one component in one environment.
type Action string

// The actions.
const (
	Propose Action = "propose"    // a branch which a person merges
	Merge   Action = "merge"      // its promotion is automatic
	Wait    Action = "wait"       // a gate does not hold yet, or there is no release to bring
	Held    Action = "held"       // a hold keeps this release out
	Blocked Action = "blocked"    // the state cannot be trusted
	Current Action = "up-to-date" // nothing to do
)

// Step is the plan for one component in one environment.
type Step struct {
	state.Key
	Action  Action          `json:"action"`
	From    []string        `json:"from"`               // the environments it is promoted from
	Source  string          `json:"upstream,omitempty"` // the one of them that the release is taken from
	Release release.Record  `json:"release"`            // what to bring; zero where there is none
	Running *release.Record `json:"running,omitempty"`  // what runs now, nil for nothing
	Arrived time.Time       `json:"arrived,omitzero"`   // when Release came to Source, where that is known and Source still runs it
	Gates   []Verdict       `json:"gates,omitempty"`    // what each gate says of Release, in the order of the configuration
	Behind  []release.ID    `json:"behind,omitempty"`   // mode queue: what comes after Release, oldest first
	Set     string          `json:"set,omitempty"`      // the set it travels with
	Reason  string          `json:"reason"`
	Until   time.Time       `json:"until,omitzero"` // when all waiting gates will hold, or the hold expires, where that is known

	Problems finding.Problems `json:"problems,omitempty"` // what is wrong with the state, where it blocks
}

// Brings says whether the step has a release to bring, now or when its gates hold.
func (s Step) Brings() bool {
	return s.Action == Propose || s.Action == Merge || s.Action == Wait && s.Release.ID != ""
}

// Gate names a rule that a promotion must pass.
type Gate string

// The gates. All but upstream, wave, set and freeze are gates of the environment.
const (
	GateUpstream    Gate = "upstream"    // upstream runs this release
	GateWave        Gate = "wave"        // environments of a lower wave run it
	GateSet         Gate = "set"         // those before it in an ordered set
	GateSoak        Gate = "soak"        // it has run upstream long enough
	GateFreeze      Gate = "freeze"      // no window forbids it
	GateMinInterval Gate = "minInterval" // the last change here is long enough ago
	GateDependsOn   Gate = "dependsOn"   // its dependencies are there
	GateChecks      Gate = "checks"      // commit statuses and check runs upstream
	GateDeployment  Gate = "deployment"  // GitHub Deployment upstream
	GatePolicy      Gate = "policy"      // Rego over the promotion document
)

// Verdict is what a gate says of a promotion.
type Verdict struct {
	Gate   Gate      `json:"gate"`
	Holds  bool      `json:"holds"`
	Reason string    `json:"reason"`         // one line, for people: what was looked at and what it said
	Until  time.Time `json:"until,omitzero"` // when it will hold, where that is known
	// Lasting is Reason in words that stay true as time passes, where that is another text: for what is written once and read later.
	Lasting string `json:"-"`
	Failed  bool   `json:"failed,omitempty"` // it could not be asked: Reason is the error, and what is open is better left as it is
}

// Arrival is the commit of the state branch that brought a cell what it runs.
type Arrival struct {
	Commit string
	When   time.Time
}

// Run is what a cell ran for a time, as first-parent history tells it.
type Run struct {
	Record release.Record
	Arrival
	To time.Time // when something else came; zero: it still runs
}

// CheckState is the outcome of a commit status or check run.
type CheckState string

// The outcomes.
const (
	CheckSuccess CheckState = "success"
	CheckPending CheckState = "pending"
	CheckFailure CheckState = "failure"
)

// Input is all a plan depends on. Its functions answer from what Git and the forge say at one time; what they cannot tell is an error, and the
// gate that asked does not hold.
type Input struct {
	Platform *config.Platform
	State    *state.State
	Now      time.Time

	Arrived func(state.Key) (a Arrival, known bool) // of what a cell runs; consulted for gates of time and checks only
	// Ran returns what a cell ran, newest first, back to where it ran what the environment runs that is planned for. It is consulted for mode queue
	// and pinned releases only: of upstreams, of environments of lower waves and of those that gates look at.
	Ran   func(state.Key) ([]Run, error)
	Asked map[state.Key]release.ID                 // mode pinned: what a person asked for
	Needs func(component string) ([]string, error) // the components that one depends on

	// Contains says whether the commit of one source is the other's or a descendant of it.
	Contains func(newer, older release.Source) (bool, error)
	// Checks returns the outcomes of statuses and check runs of a commit, by name. Nil: there is no forge to ask.
	Checks func(commit string) (map[string]CheckState, error)
	// Deployment returns the state of the newest GitHub Deployment of a release in a cell, "" for none. Nil: there is no forge to ask.
	Deployment func(k state.Key, id release.ID) (string, error)
	// Denied returns what the policies say against a release in a cell; known is false where they were not asked.
	Denied func(k state.Key, id release.ID) (reasons []string, known bool)
}
