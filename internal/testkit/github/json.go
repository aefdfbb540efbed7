package github

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// textOrNull is null for nothing.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// userID is the same for the same login in every test.
func userID(login string) int64 {
	if login == "github-actions[bot]" {
		return 41898282
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(login))
	return int64(h.Sum32())
}

// userJSON is null for nobody.
func (s *Server) userJSON(login string) any {
	if login == "" {
		return nil
	}
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	id := userID(login)
	return s.document.fill("simple-user", object{"login": login, "id": id, "node_id": fmt.Sprintf("U_%d", id), "type": kind, "html_url": s.URL + "/" + login})
}

// repositoryJSON is this repository's, or a fork's.
func (s *Server) repositoryJSON(schema, fork string) object {
	full := cmp.Or(fork, s.o.Owner+"/"+s.o.Name)
	owner, name, _ := strings.Cut(full, "/")
	return s.document.fill(schema, object{"id": userID(full), "name": name, "full_name": full, "owner": s.userJSON(owner), "fork": fork != "",
		"default_branch": "main", "html_url": s.URL + "/" + full})
}

func (s *Server) labelJSON(name string) object {
	return s.document.fill("label", object{"name": name, "description": "", "color": "ededed", "url": s.api("/labels/" + strings.ReplaceAll(name, " ", "%20"))})
}

// pullJSON is a pull request as a list or a single answer has it.
func (s *Server) pullJSON(p PullRequest, schema string) object {
	page, api := s.page()+"/pull/"+strconv.Itoa(p.Number), s.api("/pulls/"+strconv.Itoa(p.Number))
	owner, _, _ := strings.Cut(s.label(p), ":")
	merge := p.testMerge
	if p.Merged {
		merge = p.Merge
	}
	given := object{
		"id": 100_000 + p.Number, "number": p.Number, "node_id": nodeID(p.Number), "html_url": page, "url": api, "diff_url": page + ".diff", "state": p.State,
		"title": p.Title, "body": textOrNull(p.Body), "user": s.userJSON(p.Author), "labels": each(p.Labels, s.labelJSON), "draft": p.Draft, "auto_merge": nil,
		"created_at": stamp(p.Created), "updated_at": stamp(p.Updated), "closed_at": stamp(p.Closed), "merged_at": nil, "merge_commit_sha": textOrNull(merge),
		"author_association": "NONE", "requested_reviewers": each(p.Reviewers, func(login string) object { return s.userJSON(login).(object) }),
		"head": object{"ref": p.Branch, "sha": p.Head, "label": s.label(p), "user": s.userJSON(owner), "repo": s.repositoryJSON("repository", p.Fork)},
		"base": object{"ref": p.Base, "sha": p.baseCommit, "label": s.o.Owner + ":" + p.Base, "user": s.userJSON(s.o.Owner),
			"repo": s.repositoryJSON("repository", "")},
	}
	if p.AutoMerge != "" {
		given["auto_merge"] = object{"enabled_by": s.userJSON(p.autoMerger), "merge_method": p.AutoMerge, "commit_title": "", "commit_message": ""}
	}
	if p.Merged {
		given["merged_at"] = stamp(p.Closed)
	}
	if schema == "pull-request" { // lists do not say who merged
		given["merged"], given["merged_by"], given["mergeable_state"], given["mergeable"] = p.Merged, nil, "unknown", nil
		if p.Merged {
			given["merged_by"] = s.userJSON(p.MergedBy)
		}
	}
	return s.document.fill(schema, given)
}

func nodeID(number int) string { return "PR_" + strconv.Itoa(number) }

func (s *Server) commentJSON(number int, c Comment) object {
	return s.document.fill("issue-comment", object{"id": c.ID, "body": c.Body, "user": s.userJSON(c.Author), "created_at": stamp(c.Created),
		"updated_at": stamp(c.Updated), "url": s.api("/issues/comments/" + strconv.FormatInt(c.ID, 10)),
		"html_url": fmt.Sprintf("%s/pull/%d#issuecomment-%d", s.page(), number, c.ID)})
}

func (s *Server) eventJSON(e event) object {
	schema := "renamed-issue-event" // one that has all but its own fields
	given := object{"id": e.id, "event": e.name, "actor": s.userJSON(e.actor), "created_at": stamp(e.at)}
	if e.label != "" {
		schema = "labeled-issue-event"
		given["label"] = object{"name": e.label, "color": "ededed"}
	}
	return s.document.fill(schema, given)
}

func (s *Server) statusJSON(one status) object {
	return s.document.fill("simple-commit-status", object{"id": one.id, "state": one.state, "context": one.context, "created_at": stamp(one.at),
		"updated_at": stamp(one.at)})
}

func (s *Server) runJSON(run *checkRun) object {
	return s.document.fill("check-run", object{"id": run.id, "name": run.Name, "head_sha": run.HeadSHA, "external_id": run.ExternalID, "status": run.Status,
		"details_url": textOrNull(run.DetailsURL), "conclusion": textOrNull(run.Conclusion), "completed_at": textOrNull(run.CompletedAt),
		"started_at": stamp(run.started),
		"output": object{"title": textOrNull(run.Output.Title), "summary": textOrNull(run.Output.Summary), "text": nil, "annotations_count": run.annotations,
			"annotations_url": s.api("/check-runs/" + strconv.FormatInt(run.id, 10) + "/annotations")}})
}

func (s *Server) deploymentJSON(d *Deployment) object {
	url := s.api("/deployments/" + strconv.FormatInt(d.ID, 10))
	return s.document.fill("deployment", object{"id": d.ID, "sha": d.SHA, "ref": d.Ref, "task": d.Task, "environment": d.Environment, "payload": d.payload,
		"description": textOrNull(d.Description), "creator": s.userJSON(d.Creator), "created_at": stamp(d.Created), "updated_at": stamp(d.Created), "url": url,
		"statuses_url": url + "/statuses", "production_environment": d.Production, "transient_environment": d.Transient})
}

func (s *Server) deploymentStatusJSON(d *Deployment, one DeploymentStatus) object {
	given := object{"id": one.ID, "state": one.State, "description": one.Description, "creator": s.userJSON(one.Creator), "environment": d.Environment,
		"created_at": stamp(one.Created), "updated_at": stamp(one.Created), "deployment_url": s.api("/deployments/" + strconv.FormatInt(d.ID, 10))}
	if one.LogURL != "" {
		given["log_url"], given["target_url"] = one.LogURL, one.LogURL
	}
	if one.EnvironmentURL != "" {
		given["environment_url"] = one.EnvironmentURL
	}
	return s.document.fill("deployment-status", given)
}
