package github

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Deployment is a record that a commit went to an environment.
type Deployment struct {
	ID                          int64
	Environment, SHA, Ref, Task string
	Description, Payload        string // a payload that is no text is given as JSON
	Production, Transient       bool
	Creator                     string
	Created                     time.Time
	Statuses                    []DeploymentStatus // the newest last
	payload                     any
}

// State is that of the newest status, empty for none.
func (d Deployment) State() string {
	if len(d.Statuses) == 0 {
		return ""
	}
	return d.Statuses[len(d.Statuses)-1].State
}

// DeploymentStatus is a status of a deployment.
type DeploymentStatus struct {
	ID                     int64
	State, Description     string
	EnvironmentURL, LogURL string
	Creator                string
	Created                time.Time
}

func (s *Server) deployment(id int64) *Deployment {
	for _, d := range s.deployments {
		if d.ID == id {
			return d
		}
	}
	return nil
}

func (s *Server) addState(d *Deployment, status DeploymentStatus) DeploymentStatus {
	status.ID, status.Created = s.nextID(), s.o.Now()
	d.Statuses = append(d.Statuses, status)
	return status
}

func (s *Server) listDeployments(c *call) answer {
	found := slices.DeleteFunc(slices.Clone(s.deployments), func(d *Deployment) bool {
		differs := func(name, value string) bool { return c.query.Get(name) != "" && c.query.Get(name) != value }
		return differs("sha", d.SHA) || differs("ref", d.Ref) || differs("task", d.Task) || differs("environment", d.Environment)
	})
	slices.Reverse(found)
	return ok(each(page(c, found), s.deploymentJSON))
}

func (s *Server) createDeployment(c *call) answer {
	var sent struct {
		Ref, Task, Environment, Description string
		AutoMerge                           *bool     `json:"auto_merge"`
		Required                            *[]string `json:"required_contexts"`
		Payload                             any
		Production                          bool `json:"production_environment"`
		Transient                           bool `json:"transient_environment"`
	}
	_ = json.Unmarshal(c.body, &sent)
	sha, there := s.commit(sent.Ref)
	if !there {
		return no(http.StatusUnprocessableEntity, "No ref found for: "+sent.Ref)
	}
	if main, found := s.branches()["main"]; (sent.AutoMerge == nil || *sent.AutoMerge) && found && !s.contains(sha, main) {
		return no(http.StatusConflict, "Conflict merging main into "+sent.Ref+".")
	}
	required := sent.Required
	if required == nil {
		all := []string{}
		for _, one := range s.latestStatuses(sha) {
			all = append(all, one.context)
		}
		required = &all
	}
	if slices.ContainsFunc(*required, func(name string) bool { return !s.succeeded(sha, name) }) {
		return no(http.StatusConflict, "Conflict: Commit status checks failed for "+sent.Ref+".")
	}
	d := &Deployment{ID: s.nextID(), Environment: cmp.Or(sent.Environment, "production"), SHA: sha, Ref: sent.Ref, Task: cmp.Or(sent.Task, "deploy"),
		Description: sent.Description, Production: sent.Production, Transient: sent.Transient, Creator: c.login, Created: s.o.Now(), payload: sent.Payload}
	if d.payload == nil {
		d.payload = ""
	}
	d.Payload, _ = d.payload.(string)
	if d.Payload == "" && d.payload != "" {
		text, _ := json.Marshal(d.payload)
		d.Payload = string(text)
	}
	s.deployments = append(s.deployments, d)
	return answer{http.StatusCreated, s.deploymentJSON(d)}
}

func (s *Server) listDeploymentStatuses(c *call) answer {
	d := s.deployment(int64(c.number("deployment_id")))
	if d == nil {
		return notFound()
	}
	newest := slices.Clone(d.Statuses)
	slices.Reverse(newest)
	return ok(each(page(c, newest), func(status DeploymentStatus) object { return s.deploymentStatusJSON(d, status) }))
}

func (s *Server) createDeploymentStatus(c *call) answer {
	var sent struct {
		State, Description string
		EnvironmentURL     string `json:"environment_url"`
		LogURL             string `json:"log_url"`
		AutoInactive       *bool  `json:"auto_inactive"`
	}
	_ = json.Unmarshal(c.body, &sent)
	d := s.deployment(int64(c.number("deployment_id")))
	if d == nil {
		return notFound()
	}
	for _, address := range []string{sent.EnvironmentURL, sent.LogURL} {
		if address != "" && !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
			return invalid(detail{Resource: "DeploymentStatus", Field: "environment_url", Code: "custom", Message: "environment_url must use http(s) scheme"})
		}
	}
	status := s.addState(d, DeploymentStatus{State: sent.State, Description: sent.Description, EnvironmentURL: sent.EnvironmentURL, LogURL: sent.LogURL,
		Creator: c.login})
	if sent.State == "success" && (sent.AutoInactive == nil || *sent.AutoInactive) {
		for _, other := range s.deployments {
			if other.ID < d.ID && other.Environment == d.Environment && !other.Production && !other.Transient && other.State() == "success" {
				s.addState(other, DeploymentStatus{State: "inactive", Creator: c.login})
			}
		}
	}
	return answer{http.StatusCreated, s.deploymentStatusJSON(d, status)}
}

func (s *Server) getTeam(c *call) answer {
	members, there := s.o.Teams[c.vars["org"]+"/"+c.vars["team_slug"]]
	if !there {
		return notFound()
	}
	return ok(s.document.fill("team-full", object{"id": 1, "slug": c.vars["team_slug"], "name": c.vars["team_slug"], "members_count": len(members)}))
}

func (s *Server) getMembership(c *call) answer {
	for _, member := range s.o.Teams[c.vars["org"]+"/"+c.vars["team_slug"]] {
		login, pending := strings.CutSuffix(member, ":pending")
		if !strings.EqualFold(login, c.vars["username"]) {
			continue
		}
		state := "active"
		if pending {
			state = "pending"
		}
		return ok(object{"state": state, "role": "member", "url": s.APIURL + "/teams/1/memberships/" + login})
	}
	return notFound()
}
