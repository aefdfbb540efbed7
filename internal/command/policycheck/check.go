package policycheck

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/workspace"
)

// checker collects the findings of all renders.
type checker struct {
	w                *workspace.Workspace
	policies         *rego.Policies
	options          Options
	findings         []finding.Finding
	renders, objects int
}

// unit is one component in one environment.
type unit struct {
	component   catalog.Component
	environment string
}

func (c *checker) check(ctx context.Context, components []catalog.Component) error {
	var units []unit
	var requests []render.Request
	for _, component := range components {
		for _, env := range c.w.Config.EnvironmentNames() {
			if len(c.options.Envs) > 0 && !slices.Contains(c.options.Envs, env) {
				continue
			}
			request, err := c.request(component, env)
			if err != nil {
				return err
			}
			units, requests = append(units, unit{component, env}), append(requests, request)
		}
	}
	for i, outcome := range render.All(ctx, requests, runtime.GOMAXPROCS(0)) {
		if outcome.Err != nil {
			return outcome.Err
		}
		c.renders++
		if err := c.checkRender(ctx, units[i], requests[i], outcome.Result); err != nil {
			return err
		}
	}
	return nil
}

// unknownDigest stands for the digest that a deploy will bring.
var unknownDigest = "sha256:" + strings.Repeat("0", 64)

func (c *checker) request(component catalog.Component, environment string) (render.Request, error) {
	dir, err := render.OverlayDir(c.w.Files, component.Path, environment)
	if err != nil {
		return render.Request{}, err
	}
	images := []render.Image{{Name: component.Name, NewName: c.w.Config.Image(component.Name), Digest: unknownDigest}}
	for _, s := range c.options.Images {
		image, err := release.ParseImage(s, component.Name)
		if err != nil {
			return render.Request{}, err
		}
		images = slices.DeleteFunc(images, func(i render.Image) bool { return i.Name == image.Name })
		images = append(images, render.Image{Name: image.Name, NewName: image.NewName, Digest: image.Digest})
	}
	return render.Request{Root: c.w.Files, Dir: dir, Images: images, AnyImages: true, RemoteBases: c.w.Config.Spec.Render.RemoteBases, Origins: true}, nil
}

func (c *checker) checkRender(ctx context.Context, u unit, request render.Request, result *render.Result) error {
	for _, resource := range result.Resources {
		var object any
		if err := yaml.Unmarshal(resource.Manifest, &object); err != nil {
			return fmt.Errorf("%s %s/%s: %w", request.Dir, resource.Kind, resource.Name, err)
		}
		violations, err := c.policies.Check(ctx, object)
		if err != nil {
			return fmt.Errorf("%s %s/%s: %w", request.Dir, resource.Kind, resource.Name, err)
		}
		c.objects++
		for _, v := range violations {
			c.add(c.place(u, request, result, resource, v))
		}
	}
	return nil
}

func (c *checker) place(u unit, request render.Request, result *render.Result, resource render.Resource, v rego.Violation) finding.Finding {
	f := finding.Finding{RuleID: v.RuleID, Severity: v.Severity, Message: v.Message, Fix: v.Fix, URL: v.URL, Path: v.Path,
		Components: []string{u.component.Name}, Environments: []string{u.environment}, Resource: resource.Kind + "/" + resource.Name}
	name := resource.OriginalName
	if name == "" {
		name = resource.Name
	}
	place, found := placement.Locate(request.Root, request.Dir, placement.Target{
		Kind: resource.Kind, Name: name, Origin: resource.Origin, Path: v.Path, Reads: result.Reads, Manifest: resource.Manifest})
	if found {
		f.File, f.Line, f.Column, f.Confidence = place.File, place.Line, place.Column, place.Confidence
	}
	return f
}

// add keeps a finding, once for all environments that fail for the same cause.
func (c *checker) add(f finding.Finding) {
	for i := range c.findings {
		known := &c.findings[i]
		if known.File != "" && known.RuleID == f.RuleID && known.File == f.File && known.Line == f.Line && known.Column == f.Column &&
			known.Resource == f.Resource && known.Path == f.Path && slices.Equal(known.Components, f.Components) {
			if !slices.Contains(known.Environments, f.Environments[0]) {
				known.Environments = append(known.Environments, f.Environments[0])
			}
			return
		}
	}
	c.findings = append(c.findings, f)
}
