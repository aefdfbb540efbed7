package config

// setDefaults writes what the file leaves out, but nothing that would not apply: an environment without promoteFrom has no promotions.
func (p *Platform) setDefaults() {
	s := &p.Spec
	setDefault(&s.State.Branch, "main")
	setDefault(&s.State.Path, "environments")
	setDefault(&s.BreakGlass.Label, "break-glass")
	setDefault(&s.PullRequests.MergeMethod, "squash")
	setDefault(&s.Deployments, DeploymentsWritten)
	setDefault(&s.Actions.Repository, "org/platform")
	setDefault(&s.Actions.Ref, "v1")
	for i := range s.Environments {
		s.Environments[i].setDefaults()
	}
	for i := range s.Sets {
		setDefault(&s.Sets[i].Order, OrderAtomic)
	}
	for i := range s.Freezes {
		setDefault(&s.Freezes[i].TimeZone, "UTC")
	}
	if len(s.Policies) == 0 {
		for _, name := range []string{"kubernetes", "catalog", "dockerfile", "plan", "workflow"} {
			s.Policies = append(s.Policies, Bundle{Name: name})
		}
	}
}

func (e *Environment) setDefaults() {
	if len(e.PromoteFrom) == 0 {
		setDefault(&e.Deploy, DeployAutomatic)
		return
	}
	setDefault(&e.Promotion, PromotionManual)
	setDefault(&e.Mode, ModeLatest)
	if len(e.PromoteFrom) > 1 {
		setDefault(&e.FanIn, FanInAll)
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
