package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// mutation is one that the server has.
type mutation struct {
	fields map[string]string // of its input, with their types
	change func(s *Server, p *PullRequest, login string, input map[string]string) *graphqlError
}

func mutations() map[string]mutation {
	id := map[string]string{"pullRequestId": "ID!"}
	return map[string]mutation{
		"convertPullRequestToDraft": {id, func(s *Server, p *PullRequest, login string, _ map[string]string) *graphqlError {
			return s.draftByAPI(p, login, true)
		}},
		"markPullRequestReadyForReview": {id, func(s *Server, p *PullRequest, login string, _ map[string]string) *graphqlError {
			return s.draftByAPI(p, login, false)
		}},
		"disablePullRequestAutoMerge": {id, (*Server).disableAutoMerge},
		"enablePullRequestAutoMerge": {map[string]string{"pullRequestId": "ID!", "mergeMethod": "PullRequestMergeMethod", "expectedHeadOid": "GitObjectID",
			"commitHeadline": "String", "commitBody": "String"}, (*Server).enableAutoMerge},
	}
}

// graphqlError is an entry of the errors of an answer.
type graphqlError struct {
	Type    string   `json:"type,omitempty"`
	Message string   `json:"message"`
	Path    []string `json:"path,omitempty"`
}

func unprocessable(message string) *graphqlError {
	return &graphqlError{Type: "UNPROCESSABLE", Message: message}
}

type question struct {
	Query     string
	Variables map[string]any
}

var (
	mutationForm  = regexp.MustCompile(`^mutation(?:\s+\w+)?\s*\(([^)]*)\)\s*\{\s*(\w+)\s*\(\s*input:\s*\{([^}]*)\}\s*\)\s*\{[\w\s{}]+\}\s*\}$`)
	operationForm = regexp.MustCompile(`\{\s*(\w+)`)
)

// operationName is the field that is asked for.
func operationName(body []byte) string {
	var q question
	_ = json.Unmarshal(body, &q)
	if match := operationForm.FindStringSubmatch(q.Query); match != nil {
		return match[1]
	}
	return "?"
}

func (s *Server) serveGraphQL(w http.ResponseWriter, login string, body []byte) {
	var q question
	if err := json.Unmarshal(body, &q); err != nil {
		s.t.Errorf("GitHub would refuse the GraphQL request %.300s: %v", body, err)
	}
	if strings.Join(strings.Fields(q.Query), " ") == "{viewer{login databaseId}}" {
		write(w, http.StatusOK, object{"data": object{"viewer": object{"login": login, "databaseId": userID(login)}}})
		return
	}
	name, input, err := q.parse()
	if err != nil {
		s.t.Errorf("GitHub would refuse the GraphQL request %.300s: %v", body, err)
		write(w, http.StatusOK, object{"errors": []graphqlError{{Message: err.Error()}}})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow(s.o.App)
	var p *PullRequest
	for _, one := range s.pulls {
		if nodeID(one.Number) == input["pullRequestId"] {
			p = one
		}
	}
	problem := &graphqlError{Type: "NOT_FOUND", Message: "Could not resolve to a node with the global id of '" + input["pullRequestId"] + "'"}
	if p != nil {
		problem = mutations()[name].change(s, p, login, input)
	}
	if problem != nil {
		problem.Path = []string{name}
		write(w, http.StatusOK, object{"data": object{name: nil}, "errors": []*graphqlError{problem}})
		return
	}
	s.follow(s.o.App)
	s.wrote()
	write(w, http.StatusOK, object{"data": object{name: object{"pullRequest": object{"number": p.Number, "isDraft": p.Draft}}}})
}

// parse reads a mutation with one input whose fields are all variables, the only form that is understood.
func (q question) parse() (name string, input map[string]string, err error) {
	match := mutationForm.FindStringSubmatch(strings.TrimSpace(q.Query))
	if match == nil {
		return "", nil, fmt.Errorf("it is no mutation of the form that is understood")
	}
	known, there := mutations()[match[2]]
	if !there {
		return "", nil, fmt.Errorf("there is no mutation %s", match[2])
	}
	types := map[string]string{}
	for _, declaration := range strings.Split(match[1], ",") {
		variable, kind, _ := strings.Cut(declaration, ":")
		types[strings.TrimPrefix(strings.TrimSpace(variable), "$")] = strings.TrimSpace(kind)
	}
	for variable := range q.Variables {
		if types[variable] == "" {
			return "", nil, fmt.Errorf("variable %s is not declared", variable)
		}
	}
	input = map[string]string{}
	for _, pair := range strings.Split(match[3], ",") {
		field, variable, _ := strings.Cut(pair, ":")
		field, variable = strings.TrimSpace(field), strings.TrimPrefix(strings.TrimSpace(variable), "$")
		want, kind := known.fields[field], types[variable]
		if want == "" || want != kind && want+"!" != kind { // a variable may promise more than is wanted
			return "", nil, fmt.Errorf("%s takes no %s of type %q", match[2], field, kind)
		}
		value, isText := q.Variables[variable].(string)
		if !isText && (strings.HasSuffix(kind, "!") || q.Variables[variable] != nil) {
			return "", nil, fmt.Errorf("variable %s of type %s was given %v", variable, kind, q.Variables[variable])
		}
		input[field] = value
	}
	for field, kind := range known.fields {
		if strings.HasSuffix(kind, "!") && input[field] == "" {
			return "", nil, fmt.Errorf("%s wants %s", match[2], field)
		}
	}
	return match[2], input, nil
}

func (s *Server) draftByAPI(p *PullRequest, login string, draft bool) *graphqlError {
	switch {
	case draft && s.o.NoDrafts:
		return unprocessable("Draft pull requests are not supported in this repository.")
	case !p.open():
		return unprocessable("Pull request is closed")
	case p.Draft == draft: // GitHub's answer is not documented: a client has to live with a refusal
		return unprocessable("Pull request is already in that state")
	}
	s.setDraft(p, login, draft)
	return nil
}

func (s *Server) enableAutoMerge(p *PullRequest, login string, input map[string]string) *graphqlError {
	method := input["mergeMethod"]
	switch method {
	case "", "MERGE", "SQUASH", "REBASE":
	default:
		s.t.Errorf("GitHub would refuse the merge method %q", method)
		return &graphqlError{Message: "Variable $method of type PullRequestMergeMethod was provided invalid value"}
	}
	switch {
	case !s.o.AllowAutoMerge:
		return unprocessable("Pull request Auto merge is not allowed for this repository")
	case !p.open():
		return unprocessable("Pull request is closed")
	case input["expectedHeadOid"] != "" && input["expectedHeadOid"] != p.Head:
		return unprocessable("Head branch was modified. Review and try again.")
	}
	s.tryMerge(p)
	if !p.Draft && !p.conflicts && s.ready(p) {
		if s.unstable(p) {
			return unprocessable("Pull request Pull request is in unstable status")
		}
		return unprocessable("Pull request Pull request is in clean status")
	}
	if method == "" {
		method = "MERGE"
	}
	p.AutoMerge, p.autoMerger = strings.ToLower(method), login
	s.happened(p, login, "auto_merge_enabled", "")
	return nil
}

func (s *Server) disableAutoMerge(p *PullRequest, login string, _ map[string]string) *graphqlError {
	if p.AutoMerge == "" {
		return unprocessable("Can't disable auto-merge for this pull request.")
	}
	p.AutoMerge = ""
	s.happened(p, login, "auto_merge_disabled", "")
	return nil
}
