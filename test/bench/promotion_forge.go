package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// fakeForge answers what a promotion reads of GitHub's REST API, and counts what it is asked. Every commit has one check that succeeded.
type fakeForge struct {
	url      string
	server   *http.Server
	pulls    atomic.Pointer[[]pullRequest] // the open ones
	requests atomic.Int64
	unknown  atomic.Pointer[string] // a request that it has no answer to
}

type object = map[string]any

// pullRequest is an open pull request of a branch of the repository itself.
type pullRequest struct {
	number     int
	repository string // owner/name
	branch     string
	head       string
}

// perPage is how many pull requests GitHub lists at a time, at most.
const perPage = 100

// bodySize is about what the description of a promotion is long, in bytes.
const bodySize = 3_000

func (p pullRequest) object() object {
	repository := object{"full_name": p.repository}
	return object{"number": p.number, "state": "open", "title": "promote " + p.branch, "body": strings.Repeat("What it brings. ", bodySize/16), "draft": false,
		"html_url": fmt.Sprintf("http://%s/%s/pull/%d", gitHost, p.repository, p.number), "user": object{"login": "github-actions[bot]"},
		"labels": []object{{"name": "promotion"}}, "head": object{"ref": p.branch, "sha": p.head, "repo": repository},
		"base": object{"ref": "main", "repo": repository}}
}

func newFakeForge(ctx context.Context) (*fakeForge, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &fakeForge{url: "http://" + listener.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/{owner}/{name}/pulls", f.listPulls)
	mux.HandleFunc("GET /repos/{owner}/{name}/commits/{sha}/status", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, object{"state": "success", "total_count": 1, "statuses": []object{{"context": "integration", "state": "success"}}})
	})
	mux.HandleFunc("GET /repos/{owner}/{name}/commits/{sha}/check-runs", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, object{"total_count": 0, "check_runs": []object{}})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		what := r.Method + " " + r.URL.Path
		f.unknown.Store(&what)
		http.NotFound(w, r)
	})
	f.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		mux.ServeHTTP(w, r)
	})}
	go func() { _ = f.server.Serve(listener) }()
	return f, nil
}

func (f *fakeForge) close() { _ = f.server.Close() }

// listPulls lists all open pull requests, or the one of a branch.
func (f *fakeForge) listPulls(w http.ResponseWriter, r *http.Request) {
	var found []pullRequest
	_, branch, narrowed := strings.Cut(r.URL.Query().Get("head"), ":")
	for _, pr := range *f.pulls.Load() {
		if !narrowed || pr.branch == branch {
			found = append(found, pr)
		}
	}
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		page = 1
	}
	from, to := min((page-1)*perPage, len(found)), min(page*perPage, len(found))
	if to < len(found) {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, f.url, r.URL.Path, query.Encode()))
	}
	list := []object{}
	for _, pr := range found[from:to] {
		list = append(list, pr.object())
	}
	writeJSON(w, list)
}

func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // to a client that is gone
}
