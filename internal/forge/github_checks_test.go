package forge_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	headSHA    = "0f3a2b1c0f3a2b1c0f3a2b1c0f3a2b1c0f3a2b1c"
	listRuns   = "GET /repos/org/app/commits/" + headSHA + "/check-runs"
	createRun  = "POST /repos/org/app/check-runs"
	updateRuns = "PATCH /repos/org/app/check-runs/"
)

type annotation struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	Level     string `json:"annotation_level"`
	Message   string `json:"message"`
	Title     string `json:"title"`
}

type runOutput struct {
	Title            string       `json:"title"`
	Summary          string       `json:"summary"`
	AnnotationsCount int          `json:"annotations_count"`
	Annotations      []annotation `json:"annotations,omitempty"` // GitHub takes them, and answers with the count only
}

type checkRun struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	HeadSHA     string    `json:"head_sha"`
	ExternalID  string    `json:"external_id"`
	DetailsURL  string    `json:"details_url,omitempty"`
	Status      string    `json:"status"`
	Conclusion  string    `json:"conclusion,omitempty"`
	CompletedAt string    `json:"completed_at,omitempty"`
	Output      runOutput `json:"output"`
	annotations []annotation
}

// fakeChecks behaves like GitHub's API of check runs: it refuses what GitHub's description of it does, and adds up annotations.
type fakeChecks struct {
	*fakeGitHub
	t              *testing.T
	create, update *jsonschema.Schema

	lock    sync.Mutex
	runs    []*checkRun
	batches []int
	// answers are given in the place of real ones, once each, by "METHOD /path". The handler may do the work all the same.
	answers map[string][]func(w http.ResponseWriter, work func())
}

func newChecks(t *testing.T, runs ...*checkRun) *fakeChecks {
	t.Helper()
	const file = "testdata/check-runs.schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	g := &fakeChecks{fakeGitHub: &fakeGitHub{}, t: t, runs: runs, answers: map[string][]func(http.ResponseWriter, func()){},
		create: compiler.MustCompile(file + "#/create"), update: compiler.MustCompile(file + "#/update")}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *fakeChecks) serve(w http.ResponseWriter, r *http.Request) {
	g.lock.Lock()
	defer g.lock.Unlock()
	call := r.Method + " " + r.URL.Path
	g.requests = append(g.requests, call)
	if r.Header.Get("Authorization") != "Bearer "+token {
		fail(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	body, _ := io.ReadAll(r.Body)
	if answers := g.answers[call]; len(answers) > 0 {
		g.answers[call] = answers[1:]
		answers[0](w, func() { g.answer(httptest.NewRecorder(), r, call, body) })
		return
	}
	g.answer(w, r, call, body)
}

func (g *fakeChecks) answer(w http.ResponseWriter, r *http.Request, call string, body []byte) {
	id, _ := strconv.ParseInt(strings.TrimPrefix(call, updateRuns), 10, 64)
	known := slices.IndexFunc(g.runs, func(c *checkRun) bool { return c.ID == id })
	switch {
	case call == listRuns:
		g.list(w, r)
	case call == createRun && g.valid(w, g.create, body):
		run := &checkRun{ID: int64(100 + len(g.runs)), Status: "queued"}
		g.runs = append(g.runs, run)
		g.change(run, body)
		reply(w, http.StatusCreated, run)
	case strings.HasPrefix(call, updateRuns) && known >= 0 && g.valid(w, g.update, body):
		g.change(g.runs[known], body)
		reply(w, http.StatusOK, g.runs[known])
	case call != createRun && known < 0:
		fail(w, http.StatusNotFound, "Not Found")
	}
}

// valid refuses what GitHub refuses. Its description of the update says nothing of a missing title, which GitHub takes for none.
func (g *fakeChecks) valid(w http.ResponseWriter, schema *jsonschema.Schema, body []byte) bool {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(document)
	}
	var sent checkRun
	if err == nil {
		strict := json.NewDecoder(bytes.NewReader(body))
		strict.DisallowUnknownFields()
		err = strict.Decode(&sent)
	}
	for _, a := range sent.Output.Annotations {
		if a.StartLine < 1 || a.EndLine < a.StartLine || a.Path == "" || a.Message == "" || len(a.Message) > 64<<10 || utf8.RuneCountInString(a.Title) > 255 {
			err = errors.Join(err, fmt.Errorf("annotation %+.200v", a))
		}
	}
	switch {
	case sent.Status == "completed" && (sent.Conclusion == "" || sent.CompletedAt == ""), sent.Output.Title == "":
		err = errors.Join(err, errors.New("completed without a conclusion, or no title"))
	case sent.Status != "completed" && sent.Conclusion != "":
		err = errors.Join(err, errors.New("a conclusion would complete it"))
	}
	if err != nil {
		g.t.Errorf("GitHub would refuse %.300s: %v", body, err)
		fail(w, http.StatusUnprocessableEntity, "Invalid request.")
	}
	return err == nil
}

func (g *fakeChecks) change(run *checkRun, body []byte) {
	before := run.Output.AnnotationsCount
	_ = json.Unmarshal(body, run)
	g.batches = append(g.batches, len(run.Output.Annotations))
	run.annotations = append(run.annotations, run.Output.Annotations...)
	run.Output.AnnotationsCount = before + len(run.Output.Annotations)
	run.Output.Annotations = nil
}

func (g *fakeChecks) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var found []*checkRun
	for _, run := range g.runs {
		if run.HeadSHA == headSHA && (query.Get("check_name") == "" || query.Get("check_name") == run.Name) {
			found = append(found, run)
		}
	}
	if query.Get("filter") != "all" && len(found) > 1 {
		found = found[len(found)-1:]
	}
	size, page := 30, 1
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(query.Get("page")); err == nil {
		page = n
	}
	if page*size < len(found) {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?per_page=%d&page=%d>; rel="next"`, g.URL, r.URL.Path, size, page+1))
	}
	reply(w, http.StatusOK, map[string]any{"total_count": len(found), "check_runs": found[min(len(found), (page-1)*size):min(len(found), page*size)]})
}
