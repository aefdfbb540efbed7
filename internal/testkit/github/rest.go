package github

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
)

const documentation = "https://docs.github.com/rest"

// call is a REST request.
type call struct {
	login string
	vars  map[string]string // of the path
	query url.Values
	body  []byte
	w     http.ResponseWriter // for headers
	url   string              // without the query
}

// number returns a variable of the path that is one.
func (c *call) number(name string) int {
	n, _ := strconv.Atoi(c.vars[name])
	return n
}

// answer is what a request is answered with.
type answer struct {
	status int
	body   any // nil: none
}

func ok(body any) answer { return answer{http.StatusOK, body} }

// refusal is the body of an answer that says why not.
type refusal struct {
	Message       string   `json:"message"`
	Documentation string   `json:"documentation_url"`
	Status        string   `json:"status,omitempty"`
	Errors        []detail `json:"errors,omitempty"`
}

type detail struct {
	Resource string `json:"resource,omitempty"`
	Field    string `json:"field,omitempty"`
	Code     string `json:"code"`
	Message  string `json:"message,omitempty"`
}

func no(status int, message string, details ...detail) answer {
	return answer{status, refusal{message, documentation, strconv.Itoa(status), details}}
}

func notFound() answer { return no(http.StatusNotFound, "Not Found") }

// operations are the handlers by the id of their operation in openapi.json. They run one after the other.
func operations() map[string]func(*Server, *call) answer {
	return map[string]func(*Server, *call) answer{
		"pulls/list":              (*Server).listPulls,
		"pulls/get":               (*Server).getPull,
		"pulls/create":            (*Server).createPull,
		"pulls/update":            (*Server).updatePull,
		"pulls/merge":             (*Server).mergePull,
		"pulls/request-reviewers": (*Server).requestReviewers,
		"repos/list-pull-requests-associated-with-commit": (*Server).pullsOfCommit,

		"issues/list-comments":  (*Server).listComments,
		"issues/create-comment": (*Server).createComment,
		"issues/update-comment": (*Server).updateComment,
		"issues/delete-comment": (*Server).deleteComment,
		"issues/add-labels":     (*Server).addLabels,
		"issues/remove-label":   (*Server).deleteLabel,
		"issues/list-events":    (*Server).listEvents,

		"repos/get-combined-status-for-ref": (*Server).combinedStatus,
		"checks/list-for-ref":               (*Server).listCheckRuns,
		"checks/create":                     (*Server).createCheckRun,
		"checks/update":                     (*Server).updateCheckRun,

		"repos/list-deployments":               (*Server).listDeployments,
		"repos/create-deployment":              (*Server).createDeployment,
		"repos/list-deployment-statuses":       (*Server).listDeploymentStatuses,
		"repos/create-deployment-status":       (*Server).createDeploymentStatus,
		"teams/get-by-name":                    (*Server).getTeam,
		"teams/get-membership-for-user-in-org": (*Server).getMembership,
	}
}

func (s *Server) serveREST(w http.ResponseWriter, r *http.Request, login string, body []byte) {
	c, err := s.document.request(r, body)
	if err != nil {
		s.t.Errorf("GitHub would refuse %s %s %.500s: %v", r.Method, r.URL, body, err)
		write(w, http.StatusUnprocessableEntity, refusal{Message: "Invalid request.\n\n" + err.Error(), Documentation: documentation})
		return
	}
	handler := operations()[c.id]
	_, inside := c.vars["repo"]
	if handler == nil || inside && (c.vars["owner"] != s.o.Owner || c.vars["repo"] != s.o.Name) {
		a := notFound()
		write(w, a.status, a.body)
		return
	}
	for name, value := range c.vars {
		if plain, err := url.PathUnescape(value); err == nil {
			c.vars[name] = plain
		}
	}
	recorder := httptest.NewRecorder()
	s.mu.Lock()
	s.follow(s.o.App)
	a := handler(s, &call{login: login, vars: c.vars, query: r.URL.Query(), body: body, w: recorder, url: s.URL + r.URL.EscapedPath()})
	if r.Method != http.MethodGet && a.status < http.StatusBadRequest {
		s.follow(s.o.App)
		s.wrote()
	}
	s.mu.Unlock()
	write(recorder, a.status, a.body)
	if err := s.document.response(c, a.status, recorder.Header(), recorder.Body.Bytes()); err != nil {
		s.t.Errorf("GitHub would not answer %s %s so: %v", r.Method, r.URL, err)
	}
	send(w, r, recorder)
}

// send passes an answer on, or says that it is the one which the client has.
func send(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	if r.Method == http.MethodGet && answer.Code == http.StatusOK {
		sum := sha256.Sum256(append(answer.Body.Bytes(), answer.Header().Get("Link")...))
		tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(answer.Code)
	_, _ = answer.Body.WriteTo(w)
}

func write(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	b := &bytes.Buffer{}
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // only a body that is no JSON
	}
	_, _ = b.WriteTo(w)
}

// page returns the part of a list that a request wants, with links to the others.
func page[T any](c *call, all []T) []T {
	size, number := 30, 1
	if n, err := strconv.Atoi(c.query.Get("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(c.query.Get("page")); err == nil && n > 0 {
		number = n
	}
	last := max(1, (len(all)+size-1)/size)
	link := func(to int, relation string) string {
		query := url.Values{}
		for name, values := range c.query {
			query[name] = values
		}
		query.Set("page", strconv.Itoa(to))
		return fmt.Sprintf(`<%s?%s>; rel=%q`, c.url, query.Encode(), relation)
	}
	links := ""
	if number > 1 {
		links = link(number-1, "prev") + ", " + link(1, "first")
	}
	if number < last {
		if links != "" {
			links += ", "
		}
		links += link(number+1, "next") + ", " + link(last, "last")
	}
	if links != "" {
		c.w.Header().Set("Link", links)
	}
	return all[min(len(all), (number-1)*size):min(len(all), number*size)]
}

// each maps a list to what it is in JSON, [] where it is empty.
func each[T any](list []T, as func(T) object) []object {
	all := make([]object, len(list))
	for i, v := range list {
		all[i] = as(v)
	}
	return all
}
