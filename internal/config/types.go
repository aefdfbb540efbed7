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

// Promotion modes of an environment.
const (
	PromotionAutomatic = "automatic" // merged as soon as its gates hold
	PromotionManual    = "manual"    // a person merges
)

// Environment is a place where components run.
type Environment struct {
	Name        string   `yaml:"name" json:"name" jsonschema:"description=Lower case letters\\, digits and hyphens; also the name of the overlay."`
	PromoteFrom []string `yaml:"promoteFrom,omitempty" json:"promoteFrom,omitempty" jsonschema:"description=Environments whose release is promoted to this one. An environment without it receives deploys."`
	Deploy      string   `yaml:"deploy,omitempty" json:"deploy,omitempty" jsonschema:"enum=automatic,enum=manual,default=automatic,description=For environments without promoteFrom: automatic receives every deploy; manual only those that name it."`
	Promotion   string   `yaml:"promotion,omitempty" json:"promotion,omitempty" jsonschema:"enum=automatic,enum=manual,default=manual,description=For environments with promoteFrom: manual waits for a person to merge; automatic merges when the gates hold."`
	Gates       []Gate   `yaml:"gates,omitempty" json:"gates,omitempty" jsonschema:"description=Rules which a promotion to this environment must pass."`

	Severity Severities `yaml:"severity,omitempty" json:"severity,omitempty" jsonschema:"description=Severity by rule id of findings in this environment: error\\, warning or off; * is for all rules that are not named. It wins over spec.severity."`
}

// Gate is one rule of an environment. Exactly one field is set.
type Gate struct {
	Soak Duration `yaml:"soak,omitempty" json:"soak,omitempty" jsonschema:"description=How long the same release must have run upstream\\, for example 30m or 24h."`
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
