package policycheck

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/check"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/workspace"
)

// promotionBundle is the bundle that judges promotions.
const promotionBundle = "promotion"

// judged is what the policies say of one promotion, as promote --verdicts reads it.
type judged struct {
	Component   string     `json:"component"`
	Environment string     `json:"environment"`
	Release     release.ID `json:"release"`
	Denied      []string   `json:"denied"`   // why it must wait
	Warnings    []string   `json:"warnings"` // what people should know
}

// judgePromotions evaluates the bundle promotion over the documents of promote --document. To each it adds what the other bundles find in the release where
// it is to go. A denial is a verdict and no failure: promote acts on it.
func judgePromotions(ctx context.Context, a *app.App, o Options) error {
	content, err := readDocuments(a, o.Promotions)
	if err != nil {
		return err
	}
	var documents []map[string]any
	var promotions []struct {
		To        string          `json:"to"`
		Component string          `json:"component"`
		Release   release.Release `json:"release"`
	}
	if err := json.Unmarshal(content, &documents); err != nil {
		return app.Usagef("%s is not the list of promote --document: %v", o.Promotions, err)
	}
	if err := json.Unmarshal(content, &promotions); err != nil {
		return app.Usagef("%s is not the list of promote --document: %v", o.Promotions, err)
	}
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	policies, err := promotionPolicies(ctx, a, w)
	if err != nil {
		return err
	}
	all := []judged{}
	for i, p := range promotions {
		a.Progress("judging %s for %s", p.Component, p.To)
		findings, err := findingsOf(ctx, a, w, p.Release, p.To)
		if err != nil {
			return fmt.Errorf("check %s %s for %s: %w", p.Component, p.Release.ID, p.To, err)
		}
		documents[i]["findings"] = findings
		violations, err := policies.Check(ctx, rego.Document, documents[i])
		if err != nil {
			return err
		}
		j := judged{Component: p.Component, Environment: p.To, Release: p.Release.ID, Denied: []string{}, Warnings: []string{}}
		for _, v := range violations {
			switch severity := w.Config.SeverityOf(v.RuleID, p.To); {
			case severity == config.SeverityOff:
			case severity == string(finding.Error), severity == "" && v.Severity == finding.Error:
				j.Denied = append(j.Denied, v.RuleID+": "+v.Message)
			default:
				j.Warnings = append(j.Warnings, v.RuleID+": "+v.Message)
			}
		}
		all = append(all, j)
	}
	return showJudged(a, o, all)
}

func readDocuments(a *app.App, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(a.In)
	}
	content, err := os.ReadFile(a.Path(file))
	if err != nil {
		return nil, fmt.Errorf("read promotions: %w", err)
	}
	return content, nil
}

// promotionPolicies loads the bundle: the repository's own where platform.yaml lists one of that name, else the built-in one.
func promotionPolicies(ctx context.Context, a *app.App, w *workspace.Workspace) (*rego.Policies, error) {
	configured := config.Bundle{Name: promotionBundle}
	if i := slices.IndexFunc(w.Config.Spec.Policies, func(b config.Bundle) bool { return b.Name == promotionBundle }); i >= 0 {
		configured = w.Config.Spec.Policies[i]
	}
	bundle, err := check.Bundle(w.Files, configured)
	if err != nil {
		return nil, err
	}
	if bundle.Data, err = check.Data(w.Files, w.Config, configured); err != nil {
		return nil, err
	}
	policies, err := rego.Load(ctx, []rego.Bundle{bundle})
	if err != nil {
		return nil, err
	}
	policies.Time = a.Now()
	return policies, nil
}

// findingsOf checks what a release is in an environment: the overlay of its own source commit with its own images.
func findingsOf(ctx context.Context, a *app.App, w *workspace.Workspace, r release.Release, environment string) (list []map[string]any, err error) {
	hash, err := w.Repo.FetchCommit(ctx, r.Source.Commit)
	if err != nil {
		return nil, err
	}
	commit, err := w.Repo.Commit(hash)
	if err != nil {
		return nil, err
	}
	tree := w.Repo.Tree(commit.TreeHash)
	if err := tree.Prefetch(ctx, config.FileName, "policy/**", r.Source.Path+"/deploy/**"); err != nil {
		return nil, err
	}
	dir, err := render.OverlayDir(tree, r.Source.Path, environment)
	if err != nil {
		return nil, err
	}
	platform := *w.Config // today's rules count, also for what was made before them
	platform.Spec.Policies = slices.DeleteFunc(slices.Clone(platform.Spec.Policies), func(b config.Bundle) bool { return b.Name == promotionBundle })
	options := check.Options{Repo: w.Repo, Head: commit.TreeHash, Base: git.ZeroHash, Config: &platform, Renders: dispatch.Renders(a, w),
		Components: []string{r.Component}, Environments: []string{environment}, Now: a.Now(), Progress: func(string, ...any) {},
		Overlays: func(context.Context) ([]check.Overlay, error) {
			return []check.Overlay{{Component: r.Component, Environment: environment, Dir: dir}}, nil
		}}
	for _, image := range r.Images {
		options.Images = append(options.Images, render.Image{Name: image.Name, NewName: image.NewName, Digest: image.Digest})
	}
	result, err := check.Run(ctx, options)
	if err != nil {
		return nil, err
	}
	list = []map[string]any{}
	for _, f := range result.Findings {
		one := map[string]any{"ruleId": f.RuleID, "severity": string(f.Severity), "message": f.Message, "resource": f.Resource}
		if f.Waiver != nil {
			one["waiver"] = map[string]any{"owner": f.Waiver.Owner, "reason": f.Waiver.Reason, "expires": f.Waiver.Expires}
		}
		list = append(list, one)
	}
	return list, nil
}

func showJudged(a *app.App, o Options, all []judged) error {
	verdicts := map[string]any{"promotions": all}
	if o.Verdicts != "" {
		content, err := json.MarshalIndent(verdicts, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(a.Path(o.Verdicts), append(content, '\n'), 0o644); err != nil {
			return fmt.Errorf("write verdicts: %w", err)
		}
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(verdicts)
	}
	if len(all) == 0 {
		fmt.Fprintln(a.Out, "no promotions to judge")
		return nil
	}
	var rows [][]string
	for _, j := range all {
		verdict, why := a.Green("passes"), strings.Join(j.Warnings, "; ")
		if len(j.Denied) > 0 {
			verdict, why = a.Red("denied"), strings.Join(j.Denied, "; ")
		}
		rows = append(rows, []string{j.Component, j.Environment, string(j.Release), verdict, why})
	}
	a.PrintTable([]string{"component", "environment", "release", "verdict", "why"}, rows)
	return nil
}
