package registry

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// headerTimeout bounds how long a client may take over its request's header.
const headerTimeout = 10 * time.Second

// Handler returns a registry that keeps everything in memory and lets everybody in. It is for demos and tests.
func Handler() http.Handler {
	return registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
}

// Serve runs such a registry on a free loopback port until stop is called or the context ends. The address is host:port.
func Serve(ctx context.Context) (addr string, stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen for the registry: %w", err)
	}
	server := &http.Server{Handler: Handler(), ReadHeaderTimeout: headerTimeout}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // always ends with an error, and only when closed
	}()
	unhook := context.AfterFunc(ctx, func() { _ = server.Close() })
	return listener.Addr().String(), func() {
		unhook()
		_ = server.Close()
		<-done
	}, nil
}
