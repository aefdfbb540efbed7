package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi" //nolint:gosec // what G504 warns of was mended in Go 1.6.3
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// host is a Git host on loopback: git http-backend over everything in the folder repositories. It counts what passes.
type host struct {
	url      string
	root     string
	server   *http.Server
	now      func() time.Time
	counters counters
	delay    atomic.Int64 // of every request, in nanoseconds; a new connection costs one more
}

type counters struct{ up, down, requests, pushes, accepting atomic.Int64 }

// traffic is what has passed between clients and host.
type traffic struct {
	up, down int64 // bytes on the wire, sent and fetched by clients
	requests int64
	pushes   int64         // attempts to push
	accept   time.Duration // that the host took to check and store what was pushed
}

func (t traffic) minus(o traffic) traffic {
	return traffic{t.up - o.up, t.down - o.down, t.requests - o.requests, t.pushes - o.pushes, t.accept - o.accept}
}

func newHost(ctx context.Context, b *bench) (*host, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	h := &host{root: filepath.Join(b.dir, "repositories"), now: b.app.Now}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.url = "http://" + listener.Addr().String()
	backend := &cgi.Handler{Path: git, Args: []string{"http-backend"}, Dir: h.root, Stderr: io.Discard,
		Env: b.environment("GIT_PROJECT_ROOT="+h.root, "GIT_HTTP_EXPORT_ALL=1")}
	h.server = &http.Server{Handler: h.handler(backend), ConnContext: freshConnection, ReadHeaderTimeout: time.Minute}
	go func() { _ = h.server.Serve(countingListener{listener, &h.counters}) }()
	return h, nil
}

func (h *host) close() { _ = h.server.Close() }

func (h *host) traffic() traffic {
	c := &h.counters
	return traffic{c.up.Load(), c.down.Load(), c.requests.Load(), c.pushes.Load(), time.Duration(c.accepting.Load())}
}

// connectionKey finds in a request's context whether its connection has carried one before.
type connectionKey struct{}

func freshConnection(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, new(atomic.Bool))
}

func (h *host) handler(backend http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.counters.requests.Add(1)
		if r.URL.Query().Get("service") == "git-receive-pack" { // the question that comes before every push
			h.counters.pushes.Add(1)
		}
		roundTrips := time.Duration(1)
		if used, ok := r.Context().Value(connectionKey{}).(*atomic.Bool); ok && !used.Swap(true) {
			roundTrips++ // the handshake of TCP; that of TLS would be another one or two
		}
		if err := wait(r.Context(), roundTrips*time.Duration(h.delay.Load())); err != nil {
			return
		}
		if len(r.TransferEncoding) > 0 { // CGI needs to know the length
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		}
		start := h.now()
		backend.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
			h.counters.accepting.Add(int64(h.now().Sub(start)))
		}
	})
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// countingListener counts the bytes of every connection.
type countingListener struct {
	net.Listener
	counters *counters
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l.counters}, err
}

type countingConn struct {
	net.Conn
	counters *counters
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.counters.up.Add(int64(n))
	return n, err
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.counters.down.Add(int64(n))
	return n, err
}

// serve sets a repository up as Git hosts do: partial clones and fetches by hash are served, and nothing is repacked in between.
func (h *host) serve(ctx context.Context, b *bench, dir string) (url string, err error) {
	for _, setting := range []string{"uploadpack.allowFilter=true", "uploadpack.allowReachableSHA1InWant=true", "http.receivepack=true", "receive.autogc=false"} {
		key, value, _ := strings.Cut(setting, "=")
		if _, err := b.git(ctx, dir, "config", key, value); err != nil {
			return "", fmt.Errorf("serve %s: %w", dir, err)
		}
	}
	return h.url + "/" + filepath.Base(dir), nil
}
