package promote

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// document is one promotion as policies see it: the input of the bundle promotion (policy/promotion).
type document struct {
	APIVersion  string              `json:"apiVersion"`
	Kind        string              `json:"kind"`
	Component   string              `json:"component"`
	From        string              `json:"from"`
	To          string              `json:"to"`
	Release     release.Release     `json:"release"`
	Current     *release.Release    `json:"current,omitempty"`
	Soaked      int64               `json:"soaked"` // seconds for which from has run the release; 0 where that is not known
	Gates       []promotion.Verdict `json:"gates"`
	Environment string              `json:"environment"` // the same as to, by the name that findings of policy-check have
	At          time.Time           `json:"at"`
}

// documents writes every promotion that is wanted, whether its gates hold or not, as a JSON list.
func documents(a *app.App, file string, outcomes []delivery.Outcome) error {
	list := []document{}
	now := a.Now().UTC().Truncate(time.Second)
	for _, o := range outcomes {
		if !o.Brings() {
			continue
		}
		d := document{APIVersion: "platform/v1", Kind: "Promotion", Component: o.Component, From: o.Source, To: o.Environment, Environment: o.Environment,
			Release: o.Release.Release, Gates: o.Gates, At: now}
		if o.Running != nil {
			d.Current = &o.Running.Release
		}
		if !o.Arrived.IsZero() {
			d.Soaked = int64(now.Sub(o.Arrived).Seconds())
		}
		list = append(list, d)
	}
	if file == "-" {
		return a.PrintJSON(list)
	}
	content, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(a.Path(file), append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("write promotions: %w", err)
	}
	fmt.Fprintf(a.Out, "%d promotions in %s\n", len(list), file)
	return nil
}

// verdicts is what policy-check says of promotions.
type verdicts struct {
	Promotions []struct {
		Component   string     `json:"component"`
		Environment string     `json:"environment"`
		Release     release.ID `json:"release"`
		Denied      []string   `json:"denied"`
	} `json:"promotions"`
}

// readVerdicts returns what policy-check --promotions has written: the reasons against a release in a cell. What it was not asked about is not known.
func readVerdicts(file string) (func(state.Key, release.ID) ([]string, bool), error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read verdicts: %w", err)
	}
	var v verdicts
	if err := json.Unmarshal(content, &v); err != nil || v.Promotions == nil {
		return nil, app.Usagef("%s is not the output of policy-check --promotions FILE -o json: %v", file, err)
	}
	type about struct {
		state.Key
		id release.ID
	}
	denied := map[about][]string{}
	for _, p := range v.Promotions {
		denied[about{state.Key{Environment: p.Environment, Component: p.Component}, p.Release}] = p.Denied
	}
	return func(k state.Key, id release.ID) ([]string, bool) {
		reasons, known := denied[about{k, id}]
		return reasons, known
	}, nil
}
