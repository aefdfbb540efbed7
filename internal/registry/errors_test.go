package registry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/platform/internal/registry"
	"github.com/org/platform/internal/testkit"
)

// answer makes a registry answer matching requests with a status.
func answer(status int, match func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if match(r) {
				http.Error(w, http.StatusText(status), status)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// guarded lets in one user.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "robot" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*registry.Options){
		"as ghcr.io/org/hello":                 func(o *registry.Options) { o.Repository = "" },
		"write it as ghcr.io/org/hello":        func(o *registry.Options) { o.Repository = "hello" },
		"explicitly defined: write it":         func(o *registry.Options) { o.Repository = "org/hello" },
		"use lower case: ghcr.io/org/hello":    func(o *registry.Options) { o.Repository = "ghcr.io/Org/Hello" },
		"leave out tag and digest":             func(o *registry.Options) { o.Repository = "ghcr.io/org/hello:v1" },
		"leave out the scheme":                 func(o *registry.Options) { o.Repository = "https://ghcr.io/org/hello" },
		`"" is not a valid part`:               func(o *registry.Options) { o.Repository = "ghcr.io/org//hello" },
		`"-hello" is not a valid part`:         func(o *registry.Options) { o.Repository = "ghcr.io/org/-hello" },
		"no name of a system folder":           func(o *registry.Options) { o.Name = "etc" },
		`binary name "../x"`:                   func(o *registry.Options) { o.Name = "../x" },
		`user "root"`:                          func(o *registry.Options) { o.User = "root" },
		`tag "a b"`:                            func(o *registry.Options) { o.Tags = []string{"v1", "a b"} },
		"port 0 is not between":                func(o *registry.Options) { o.Ports = []int{0} },
		`environment variable "A=B"`:           func(o *registry.Options) { o.Env = map[string]string{"A=B": "x"} },
		"lies before 1970":                     func(o *registry.Options) { o.Created = time.Unix(-1, 0) },
		"no binary to make an image from":      func(o *registry.Options) { o.Artifacts = nil },
		"no image for darwin/amd64":            func(o *registry.Options) { o.Artifacts[0].OS = "darwin" },
		"two binaries for linux/amd64":         func(o *registry.Options) { o.Artifacts = append(o.Artifacts, o.Artifacts[0]) },
		"read the binary for linux/amd64":      func(o *registry.Options) { o.Artifacts[0].Path += ".none" },
		"the binary for linux/amd64 is not a ": func(o *registry.Options) { o.Artifacts[0].Path = filepath.Dir(o.Artifacts[0].Path) },
		"is built for EM_AARCH64, not for":     func(o *registry.Options) { o.Artifacts[0].Path = elfBinary(t, 183, false) },
		"is linked dynamically":                func(o *registry.Options) { o.Artifacts[0].Path = elfBinary(t, 62, true) },
		"a username and a password":            func(o *registry.Options) { o.Auth.Username = "x" },
	} {
		opts := options(t, "127.0.0.1:1", "amd64")
		change(&opts)
		if _, err := registry.Push(t.Context(), opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for _, ok := range []string{elfBinary(t, 62, false), binary(t, ""), binary(t, "#!/bin/sh\n")} {
		opts := options(t, "127.0.0.1:1", "amd64")
		opts.Artifacts[0].Path = ok
		if _, err := registry.Build(t.Context(), opts); err != nil {
			t.Error(err)
		}
	}
}

// elfBinary writes the header of a 64-bit little-endian ELF file for a machine, with or without a loader segment.
func elfBinary(t *testing.T, machine byte, dynamic bool) string {
	t.Helper()
	header := make([]byte, 64+56)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20] = 2, machine, 1 // executable, machine, version
	header[32], header[52], header[54], header[56] = 64, 64, 56, 1
	header[58] = 64 // size of a section header, of which there are none
	header[64] = 1  // PT_LOAD
	if dynamic {
		header[64] = 3 // PT_INTERP
	}
	return binary(t, string(header))
}

func TestErrorsSayWhatToCheck(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	tlsServer := httptest.NewUnstartedServer(registry.Handler())
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0)
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)
	private := testkit.Registry(t, guarded)
	readOnly := testkit.Registry(t, answer(http.StatusForbidden, func(r *http.Request) bool { return r.Method == http.MethodPost }))
	tests := map[string]struct {
		host string
		auth registry.Auth
		want string
	}{
		"down":              {host: down, want: down + " refuses connections: check that the registry runs"},
		"untrusted":         {host: tlsServer.Listener.Addr().String(), want: "no trusted TLS connection to"},
		"unknown name":      {host: "registry.invalid", want: "the name registry.invalid cannot be looked up"},
		"no credentials":    {host: private.Host, want: "wants other credentials (401): in a workflow pass username"},
		"wrong credentials": {host: private.Host, auth: registry.Auth{Username: "robot", Password: "wrong"}, want: `refuses user "robot" (401)`},
		"read only":         {host: readOnly.Host, want: "wants other credentials (403)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := options(t, tt.host, "amd64")
			opts.Auth = tt.auth
			_, err := registry.Push(t.Context(), opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "push to "+opts.Repository) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if tt.auth.Password != "" && strings.Contains(err.Error(), tt.auth.Password+" ") {
				t.Errorf("the error shows the password: %v", err)
			}
			if _, err := registry.Resolve(t.Context(), opts.Repository+":v1", tt.auth); err == nil {
				t.Error("resolved")
			} else if errors.Is(err, registry.ErrNotFound) != (name == "read only") {
				t.Errorf("resolve: %v", err)
			}
		})
	}
}

func TestResolveTakesNoOtherErrorForAbsent(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		http.StatusForbidden: "wants other credentials (403)", http.StatusBadRequest: "refuses the request (400)",
		http.StatusNotFound: "(404)", // of the greeting: whatever answers there, it is no registry
	} {
		server := testkit.Registry(t, answer(status, func(r *http.Request) bool { return r.URL.Path == "/v2/" || status != http.StatusNotFound }))
		_, err := registry.Resolve(t.Context(), server.Host+"/org/hello:v1", registry.Auth{})
		if err == nil || errors.Is(err, registry.ErrNotFound) || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: error %v, want %q", status, err, want)
		}
	}
	server := testkit.Registry(t)
	if _, err := registry.Resolve(t.Context(), server.Host+"/org/hello:v1", registry.Auth{}); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
	if _, err := registry.Resolve(t.Context(), "not a name", registry.Auth{}); err == nil || !strings.Contains(err.Error(), "ghcr.io/org/hello:v1.2.3") {
		t.Errorf("error %v, want one with an example", err)
	}
}

func TestShortFailureIsRetried(t *testing.T) {
	t.Parallel()
	var failures atomic.Int32
	server := testkit.Registry(t, answer(http.StatusServiceUnavailable, func(r *http.Request) bool {
		return r.Method == http.MethodPost && failures.Add(1) == 1
	}))
	if image := push(t, options(t, server.Host, "amd64")); !image.Pushed || failures.Load() < 2 {
		t.Errorf("image %+v after %d uploads", image, failures.Load())
	}
}

func TestContextBoundsThePush(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	server := testkit.Registry(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := registry.Push(ctx, options(t, server.Host, "amd64"))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("error %v", err)
	}
}

func TestCredentials(t *testing.T) {
	host := testkit.Registry(t, guarded).Host
	opts := options(t, host, "amd64")
	opts.Auth = registry.Auth{Username: "robot", Password: "secret"}
	push(t, opts)

	// Those of docker login.
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("HOME", dir)
	login := `{"auths":{"` + host + `":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("robot:secret")) + `"}}}`
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(login), 0o600); err != nil {
		t.Fatal(err)
	}
	opts.Auth = registry.Auth{}
	push(t, opts)
}

func TestCredentialsAreNotSentToTheBaseRegistry(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	bases := testkit.Registry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				leaked.Store(true)
			}
			next.ServeHTTP(w, r)
		})
	}, func(next http.Handler) http.Handler { // asks for credentials, so that a client would send what it has
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	opts := options(t, testkit.Registry(t).Host, "amd64")
	opts.Base = pushBase(t, bases.Host, "amd64")
	opts.Auth = registry.Auth{Username: "robot", Password: "secret"}
	push(t, opts)
	if leaked.Load() {
		t.Error("the registry of the base was given the credentials for another")
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	addr, stop, err := registry.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opts := options(t, addr, "amd64")
	image := push(t, opts)
	if got, err := registry.Resolve(t.Context(), image.Reference(), registry.Auth{}); err != nil || got != image.Digest {
		t.Errorf("%s, %v", got, err)
	}
	stop()
	stop()
	if _, err := registry.Resolve(t.Context(), image.Reference(), registry.Auth{}); err == nil || errors.Is(err, registry.ErrNotFound) {
		t.Errorf("error %v after it was stopped", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	_, stop, err = registry.Serve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	stop()
}

func TestSourceDateEpoch(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{"": 0, "0": 0, "1700000000": 1700000000} {
		if got, err := registry.SourceDateEpoch(value); err != nil || got.Unix() != want {
			t.Errorf("%q: %s, %v", value, got, err)
		}
	}
	for _, bad := range []string{"x", "-1", "1.5", "2023-01-01"} {
		if _, err := registry.SourceDateEpoch(bad); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
