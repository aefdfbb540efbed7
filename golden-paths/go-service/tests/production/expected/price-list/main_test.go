package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, method, path string
		ready              bool
		status             int
		body               string
	}{
		{"greeting", "GET", "/", true, http.StatusOK, "hello from price-list"},
		{"alive", "GET", "/healthz", true, http.StatusOK, "alive"},
		{"alive while stopping", "GET", "/healthz", false, http.StatusOK, "alive"},
		{"ready", "GET", "/readyz", true, http.StatusOK, "ready"},
		{"not ready while stopping", "GET", "/readyz", false, http.StatusServiceUnavailable, "stopping"},
		{"unknown path", "GET", "/nothing", true, http.StatusNotFound, "not found"},
		{"wrong method", "POST", "/", true, http.StatusMethodNotAllowed, "Method Not Allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newService()
			s.ready.Store(test.ready)
			response := httptest.NewRecorder()
			s.routes().ServeHTTP(response, httptest.NewRequest(test.method, test.path, nil))
			if response.Code != test.status || !strings.Contains(response.Body.String(), test.body) {
				t.Errorf("got %d %q, want %d with %q", response.Code, response.Body, test.status, test.body)
			}
		})
	}
}

func TestPort(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want int
		ok   bool
	}{{"", 9090, true}, {"9000", 9000, true}, {"0", 0, false}, {"65536", 0, false}, {"http", 0, false}} {
		if got, err := portFrom(test.text); got != test.want || (err == nil) != test.ok {
			t.Errorf("portFrom(%q) = %d, %v", test.text, got, err)
		}
	}
}

func TestRunRefusesBadPort(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), slog.New(slog.DiscardHandler), func(string) string { return "none" })
	if err == nil || !strings.Contains(err.Error(), "PORT") {
		t.Errorf("got %v, want an error about PORT", err)
	}
}

// A request that is in flight when the service is told to stop gets its answer, after readiness was turned off and new connections
// were refused.
func TestGracefulShutdown(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	s := newService()
	drained := false
	s.drain = func() { // the time in which load balancers look away
		drained = true
		if status, _ := get(t, base+"/readyz"); status != http.StatusServiceUnavailable {
			t.Errorf("readyz answers %d while draining, want 503", status)
		}
		if status, _ := get(t, base+"/"); status != http.StatusOK {
			t.Errorf("requests get %d while draining, want 200", status)
		}
	}
	started, release := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/", s.routes())
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-release
		io.WriteString(w, "done")
	})

	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.serve(ctx, listener, mux) }()
	if status, _ := get(t, base+"/readyz"); status != http.StatusOK {
		t.Errorf("readyz answers %d before the stop, want 200", status)
	}
	slow := make(chan string, 1)
	go func() {
		_, body := get(t, base+"/slow")
		slow <- body
	}()
	<-started
	stop()
	for { // until new connections are refused
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	close(release)
	if body := <-slow; body != "done" {
		t.Errorf("the request in flight got %q", body)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if !drained {
		t.Error("stopped without draining")
	}
}

func newService() *service {
	return &service{log: slog.New(slog.DiscardHandler), drain: func() {}}
}

// get returns status 0 where there is no answer.
func get(t *testing.T, url string) (int, string) {
	response, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(body)
}
