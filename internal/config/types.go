package config

import "strings"

// FileName is the configuration's place, at the root of the repository.
const FileName = "platform.yaml"

// The values of apiVersion and kind.
const (
	APIVersion = "platform/v1"
	Kind       = "Platform"
)

// Platform is one monorepo's configuration.
type Platform struct {
	APIVersion string   `yaml:"apiVersion" json:"apiVersion" jsonschema:"enum=platform/v1"`
	Kind       string   `yaml:"kind" json:"kind" jsonschema:"enum=Platform"`
	Metadata   Metadata `yaml:"metadata" json:"metadata"`
	Spec       Spec     `yaml:"spec" json:"spec"`
}

// Metadata names the platform.
type Metadata struct {
	Name string `yaml:"name" json:"name" jsonschema:"description=Name of the platform: lower case letters\\, digits and hyphens."`
}

// Spec says where components are, where their images go and through which environments they travel.
type Spec struct {
	Registry     string        `yaml:"registry" json:"registry" jsonschema:"description=Image repository prefix; the image of component hello is <registry>/hello.,example=ghcr.io/org"`
	Components   []string      `yaml:"components" json:"components" jsonschema:"minItems=1,description=Globs of the folders which hold a catalog-info.yaml\\, for example services/*."`
	State        State         `yaml:"state,omitempty" json:"state,omitempty"`
	Environments []Environment `yaml:"environments" json:"environments" jsonschema:"minItems=1,description=Environments; promoteFrom makes them a directed acyclic graph."`
	Sets         []Set         `yaml:"sets,omitempty" json:"sets,omitempty" jsonschema:"description=Components that are promoted together."`
	Freezes      []Freeze      `yaml:"freezes,omitempty" json:"freezes,omitempty" jsonschema:"description=Windows in which nothing is promoted\\, or outside of which nothing is."`
	BreakGlass   BreakGlass    `yaml:"breakGlass,omitempty" json:"breakGlass,omitempty"`
	PullRequests PullRequests  `yaml:"pullRequests,omitempty" json:"pullRequests,omitempty"`
	Deployments  string        `yaml:"deployments,omitempty" json:"deployments,omitempty" jsonschema:"enum=written,enum=external,enum=off,default=written,description=GitHub Deployments: written records a success as soon as the state is written; external records them in progress and leaves the outcome to what syncs the cluster; off records none."`
	Policies     []Bundle      `yaml:"policies,omitempty" json:"policies,omitempty" jsonschema:"description=Policy bundles; default are the built-in bundles kubernetes\\, catalog\\, dockerfile\\, plan and workflow."`
	Severity     Severities    `yaml:"severity,omitempty" json:"severity,omitempty" jsonschema:"description=Severity by rule id: error\\, warning or off; * is for all rules that are not named."`
	Render       Render        `yaml:"render,omitempty" json:"render,omitempty"`
	Actions      Actions       `yaml:"actions,omitempty" json:"actions,omitempty"`
}

// State says where the generated state lives.
type State struct {
	Branch string `yaml:"branch,omitempty" json:"branch,omitempty" jsonschema:"default=main,description=Branch which holds what runs where."`
	Path   string `yaml:"path,omitempty" json:"path,omitempty" jsonschema:"default=environments,description=Folder of the state on that branch."`
}

// Deploy modes of an environment.
const (
	DeployAutomatic = "automatic" // every delivered release is deployed here first
	DeployManual    = "manual"    // only when the environment is named
)

// Environment is a place where components run.
type Environment struct {
	Name        string   `yaml:"name" json:"name" jsonschema:"description=Lower case letters\\, digits and hyphens; also the name of the overlay."`
	PromoteFrom []string `yaml:"promoteFrom,omitempty" json:"promoteFrom,omitempty" jsonschema:"description=Environments whose release is promoted to this one. An environment without it receives deploys."`
	FanIn       string   `yaml:"fanIn,omitempty" json:"fanIn,omitempty" jsonschema:"enum=all,enum=any,default=all,description=Of several promoteFrom: all must run the release\\, or any one. With any\\, the newest of their releases is taken."`
	Wave        int      `yaml:"wave,omitempty" json:"wave,omitempty" jsonschema:"minimum=0,description=Of environments with the same promoteFrom\\, those of a lower wave must run the release first."`
	Deploy      string   `yaml:"deploy,omitempty" json:"deploy,omitempty" jsonschema:"enum=automatic,enum=manual,default=automatic,description=For environments without promoteFrom: automatic receives every deploy; manual only those that name it."`
	Promotion   string   `yaml:"promotion,omitempty" json:"promotion,omitempty" jsonschema:"enum=automatic,enum=manual,default=manual,description=For environments with promoteFrom: manual waits for a person to merge; automatic merges when the gates hold."`
	Mode        string   `yaml:"mode,omitempty" json:"mode,omitempty" jsonschema:"enum=latest,enum=queue,enum=pinned,default=latest,description=Which release is offered: what upstream runs now; each that it ran\\, one after the other; or none but what promote --release names."`
	Gates       []Gate   `yaml:"gates,omitempty" json:"gates,omitempty" jsonschema:"description=Rules which a promotion to this environment must pass."`
	Reviewers   []string `yaml:"reviewers,omitempty" json:"reviewers,omitempty" jsonschema:"description=Who is asked to review promotions: a login\\, org/team\\, or owner for the owner in the component's catalog-info.yaml. Code owners are asked by GitHub."`

	Severity Severities `yaml:"severity,omitempty" json:"severity,omitempty" jsonschema:"description=Severity by rule id of findings in this environment: error\\, warning or off; * is for all rules that are not named. It wins over spec.severity."`
}

// Gate is one rule of an environment. Exactly one field is set, and In beside those that look at an environment.
type Gate struct {
	Soak        Duration `yaml:"soak,omitempty" json:"soak,omitempty" jsonschema:"description=How long the same release must have run upstream\\, for example 30m\\, 24h or 7d."`
	MinInterval Duration `yaml:"minInterval,omitempty" json:"minInterval,omitempty" jsonschema:"description=How long the environment must have run its release before the next one\\, for example 4h."`
	DependsOn   bool     `yaml:"dependsOn,omitempty" json:"dependsOn,omitempty" jsonschema:"description=The component's dependencies must run at least the releases that it ran with upstream."`
	Checks      []string `yaml:"checks,omitempty" json:"checks,omitempty" jsonschema:"minItems=1,uniqueItems=true,description=Names of commit statuses or check runs that must have succeeded on the commit that brought the release upstream\\, or on its source commit."`
	Deployment  bool     `yaml:"deployment,omitempty" json:"deployment,omitempty" jsonschema:"description=The GitHub Deployment of the release upstream must have succeeded."`
	Policy      bool     `yaml:"policy,omitempty" json:"policy,omitempty" jsonschema:"description=The bundle promotion must let the promotion document pass (promote --document\\, policy-check --promotions\\, promote --verdicts)."`

	In string `yaml:"in,omitempty" json:"in,omitempty" jsonschema:"description=Environment that soak\\, checks and deployment look at; default are those it is promoted from."`
}

// Set is components that are promoted together.
type Set struct {
	Name       string   `yaml:"name" json:"name" jsonschema:"description=Lower case letters\\, digits and hyphens; not the name of a component. It names the branch of the set's promotions."`
	Components []string `yaml:"components" json:"components" jsonschema:"minItems=2,uniqueItems=true,description=Names of the components\\, in their order."`
	Order      string   `yaml:"order,omitempty" json:"order,omitempty" jsonschema:"enum=atomic,enum=ordered,default=atomic,description=atomic: all in one pull request\\, or none. ordered: each after those listed before it."`
}

// Freeze is a window in which nothing is promoted, or, where Allow is set, one outside of which nothing is. Rollbacks always pass.
type Freeze struct {
	Name         string   `yaml:"name" json:"name" jsonschema:"description=What people read where it holds promotions back.,example=weekend"`
	Allow        bool     `yaml:"allow,omitempty" json:"allow,omitempty" jsonschema:"description=Promotions pass only within such windows."`
	Environments []string `yaml:"environments,omitempty" json:"environments,omitempty" jsonschema:"description=Environments it is for\\, of those with promoteFrom; all by default."`
	Components   []string `yaml:"components,omitempty" json:"components,omitempty" jsonschema:"description=Components it is for; all by default."`
	TimeZone     string   `yaml:"timeZone,omitempty" json:"timeZone,omitempty" jsonschema:"default=UTC,description=IANA name of the time zone of its times.,example=Europe/Berlin"`
	Cron         string   `yaml:"cron,omitempty" json:"cron,omitempty" jsonschema:"description=When it starts\\, again and again: minute hour day month weekday.,example=0 18 * * FRI"`
	Duration     Duration `yaml:"duration,omitempty" json:"duration,omitempty" jsonschema:"description=How long a window of cron lasts\\, on the clock on the wall and in whole minutes.,example=62h"`
	From         string   `yaml:"from,omitempty" json:"from,omitempty" jsonschema:"description=When a window that comes once starts.,example=2026-12-20T00:00"`
	To           string   `yaml:"to,omitempty" json:"to,omitempty" jsonschema:"description=When it ends.,example=2027-01-04T06:00"`
}

// BreakGlass says how the gates of a promotion are skipped in an emergency.
type BreakGlass struct {
	Label string   `yaml:"label,omitempty" json:"label,omitempty" jsonschema:"default=break-glass,description=Label that asks for skipping the gates of a pull request."`
	Teams []string `yaml:"teams,omitempty" json:"teams,omitempty" jsonschema:"description=org/team whose members may put the label on. Without any\\, nobody may."`
}

// PullRequests says how promotions are opened and merged.
type PullRequests struct {
	Labels      []string `yaml:"labels,omitempty" json:"labels,omitempty" jsonschema:"description=Labels of promotions beside promotion."`
	MergeMethod string   `yaml:"mergeMethod,omitempty" json:"mergeMethod,omitempty" jsonschema:"enum=squash,enum=merge,enum=rebase,default=squash,description=How promotions that are automatic are merged."`
}

// Severities are severities by rule id.
type Severities map[string]string

// The severities beside those of findings.
const (
	SeverityOff = "off" // the rule is not evaluated for anybody to see
	AnyRule     = "*"   // the rules that are not named
)

// Bundle is a folder of policies: of this repository when path is set, else the built-in one of that name.
type Bundle struct {
	Name    string   `yaml:"name" json:"name" jsonschema:"description=Name of the bundle.,example=kubernetes"`
	Path    string   `yaml:"path,omitempty" json:"path,omitempty" jsonschema:"description=Folder with *.rego in this repository; empty takes the built-in bundle."`
	Files   []string `yaml:"files,omitempty" json:"files,omitempty" jsonschema:"description=Globs of the files to check. Without any\\, a bundle of this repository checks rendered manifests and a built-in one what it is made for."`
	Combine bool     `yaml:"combine,omitempty" json:"combine,omitempty" jsonschema:"description=Packages that do not say what their input is get all objects of a component in an environment at once\\, as with conftest --combine."`
	Data    string   `yaml:"data,omitempty" json:"data,omitempty" jsonschema:"description=YAML or JSON file of this repository whose top-level keys replace those of the bundle's data."`
}

// Render configures rendering.
type Render struct {
	RemoteBases []string `yaml:"remoteBases,omitempty" json:"remoteBases,omitempty" jsonschema:"description=URL prefixes of remote kustomize bases that may be used\\, pinned by a full commit. None by default."`
}

// Actions says where generated workflows find the actions.
type Actions struct {
	Repository string `yaml:"repository,omitempty" json:"repository,omitempty" jsonschema:"default=org/platform,description=Repository of the actions: your fork."`
	Ref        string `yaml:"ref,omitempty" json:"ref,omitempty" jsonschema:"default=v1,description=Tag or commit of the actions."`
}

// Environment returns the environment of that name.
func (p *Platform) Environment(name string) (Environment, bool) {
	for _, e := range p.Spec.Environments {
		if e.Name == name {
			return e, true
		}
	}
	return Environment{}, false
}

// EnvironmentNames returns the names in the order in which releases travel: an environment comes after all it is promoted from.
func (p *Platform) EnvironmentNames() []string {
	names := make([]string, len(p.Spec.Environments))
	for i, e := range p.Spec.Environments {
		names[i] = e.Name
	}
	return names
}

// Roots returns the environments which receive deploys.
func (p *Platform) Roots() []Environment {
	var roots []Environment
	for _, e := range p.Spec.Environments {
		if len(e.PromoteFrom) == 0 {
			roots = append(roots, e)
		}
	}
	return roots
}

// Image returns the image repository of a component, in lower case as registries want it; names are unique without regard to case.
func (p *Platform) Image(component string) string {
	return p.Spec.Registry + "/" + strings.ToLower(component)
}
