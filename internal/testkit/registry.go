package testkit

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/org/platform/internal/registry"
)

// RegistryServer is an image registry on loopback which remembers what it was asked.
type RegistryServer struct {
	Host string // host:port, for references such as Host/org/hello

	mu       sync.Mutex
	requests []string
}

// Registry runs an empty registry for the time of a test. Middleware stands before it, the first outermost: it may ask for
// credentials or fail.
func Registry(t testing.TB, middleware ...func(http.Handler) http.Handler) *RegistryServer {
	t.Helper()
	handler := registry.Handler()
	for _, wrap := range slices.Backward(middleware) {
		handler = wrap(handler)
	}
	r := &RegistryServer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, req.Method+" "+req.URL.Path)
		r.mu.Unlock()
		handler.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	r.Host = server.Listener.Addr().String()
	return r
}

// Requests returns "METHOD /path" of every request since the last call, in the order of arrival.
func (r *RegistryServer) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.requests
	r.requests = nil
	return seen
}
