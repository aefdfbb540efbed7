package github

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// status is a commit status.
type status struct {
	id                  int64
	sha, context, state string
	at                  time.Time
}

// checkRun is a check run, as it is sent.
type checkRun struct {
	id          int64
	app         string
	started     time.Time
	annotations int

	Name        string    `json:"name"`
	HeadSHA     string    `json:"head_sha"`
	ExternalID  string    `json:"external_id"`
	DetailsURL  string    `json:"details_url"`
	Status      string    `json:"status"`
	Conclusion  string    `json:"conclusion"`
	CompletedAt string    `json:"completed_at"`
	Output      runOutput `json:"output"`
}

type runOutput struct {
	Title       string            `json:"title"`
	Summary     string            `json:"summary"`
	Annotations []json.RawMessage `json:"annotations"`
}

// succeeded tells whether the newest status or check run of a name is a success, and no other of that name is not.
func (s *Server) succeeded(sha, name string) bool {
	found, good := false, true
	for _, status := range s.latestStatuses(sha) {
		if status.context == name {
			found, good = true, good && status.state == "success"
		}
	}
	for _, run := range s.latestRuns(sha) {
		if run.Name == name {
			found, good = true, good && run.Status == "completed" && slices.Contains([]string{"success", "neutral", "skipped"}, run.Conclusion)
		}
	}
	return found && good
}

// latestStatuses are the newest ones of each context.
func (s *Server) latestStatuses(sha string) (list []status) {
	for i, one := range s.statuses {
		newer := func(o status) bool { return o.sha == sha && o.context == one.context }
		if one.sha == sha && !slices.ContainsFunc(s.statuses[i+1:], newer) {
			list = append(list, one)
		}
	}
	return list
}

// latestRuns are the newest ones of each name and app.
func (s *Server) latestRuns(sha string) (list []*checkRun) {
	for i, one := range s.runs {
		newer := func(o *checkRun) bool { return o.HeadSHA == sha && o.Name == one.Name && o.app == one.app }
		if one.HeadSHA == sha && !slices.ContainsFunc(s.runs[i+1:], newer) {
			list = append(list, one)
		}
	}
	return list
}

func noCommit(ref string) answer {
	return no(http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
}

func (s *Server) combinedStatus(c *call) answer {
	sha, there := s.commit(c.vars["ref"])
	if !there {
		return noCommit(c.vars["ref"])
	}
	latest := s.latestStatuses(sha)
	combined := "success"
	for _, one := range latest {
		switch {
		case one.state == "failure", one.state == "error":
			combined = "failure"
		case one.state == "pending" && combined == "success":
			combined = "pending"
		}
	}
	if len(latest) == 0 {
		combined = "pending"
	}
	return ok(s.document.fill("combined-commit-status", object{"state": combined, "sha": sha, "total_count": len(latest),
		"statuses": each(page(c, latest), s.statusJSON), "repository": s.repositoryJSON("minimal-repository", ""), "url": s.api("/commits/" + sha + "/status")}))
}

func (s *Server) listCheckRuns(c *call) answer {
	sha, there := s.commit(c.vars["ref"])
	if !there {
		return noCommit(c.vars["ref"])
	}
	all := s.latestRuns(sha)
	if c.query.Get("filter") == "all" {
		all = slices.DeleteFunc(slices.Clone(s.runs), func(run *checkRun) bool { return run.HeadSHA != sha })
	}
	all = slices.DeleteFunc(all, func(run *checkRun) bool {
		name, state := c.query.Get("check_name"), c.query.Get("status")
		return name != "" && name != run.Name || state != "" && state != run.Status
	})
	slices.Reverse(all) // the newest first
	return ok(object{"total_count": len(all), "check_runs": each(page(c, all), s.runJSON)})
}

func (s *Server) createCheckRun(c *call) answer {
	run := &checkRun{id: s.nextID(), app: c.login, Status: "queued", started: s.o.Now()}
	if refused := s.changeRun(run, c.body); refused != "" {
		return no(http.StatusUnprocessableEntity, refused)
	}
	s.runs = append(s.runs, run)
	return answer{http.StatusCreated, s.runJSON(run)}
}

func (s *Server) updateCheckRun(c *call) answer {
	i := slices.IndexFunc(s.runs, func(run *checkRun) bool { return run.id == int64(c.number("check_run_id")) })
	if i < 0 {
		return notFound()
	}
	if refused := s.changeRun(s.runs[i], c.body); refused != "" {
		return no(http.StatusUnprocessableEntity, refused)
	}
	return ok(s.runJSON(s.runs[i]))
}

// changeRun takes what was sent into a run. Annotations are only ever added.
func (s *Server) changeRun(run *checkRun, body []byte) (refused string) {
	changed := *run
	changed.Output.Annotations = nil
	if err := json.Unmarshal(body, &changed); err != nil {
		return err.Error()
	}
	if _, there := s.commit(changed.HeadSHA); !there {
		return "No commit found for SHA: " + changed.HeadSHA
	}
	if changed.Conclusion != "" {
		changed.Status = "completed"
	}
	if changed.Status == "completed" && changed.CompletedAt == "" {
		changed.CompletedAt = s.o.Now().UTC().Format(time.RFC3339)
	}
	changed.annotations += len(changed.Output.Annotations)
	*run = changed
	return ""
}
