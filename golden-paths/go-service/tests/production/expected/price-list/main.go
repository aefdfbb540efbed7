// Command price-list: Prices: what everything costs, in "cents".
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Together they stay below Kubernetes' terminationGracePeriodSeconds, which is 30 seconds unless the deployment says otherwise.
const (
	drainTime    = 5 * time.Second  // for load balancers to see that the service is not ready any more
	shutdownTime = 20 * time.Second // for requests in flight to end
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, log, os.Getenv); err != nil {
		log.Error("stopped", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, log *slog.Logger, getenv func(string) string) error {
	port, err := portFrom(getenv("PORT"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s := &service{log: log, drain: func() { time.Sleep(drainTime) }}
	return s.serve(ctx, listener, s.routes())
}

func portFrom(text string) (int, error) {
	if text == "" {
		return 9090, nil
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("PORT is %q: want a number from 1 to 65535", text)
	}
	return port, nil
}

type service struct {
	log   *slog.Logger
	drain func() // waits until no new requests are sent here
	ready atomic.Bool
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { s.reply(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.ready.Load() {
			s.reply(w, http.StatusServiceUnavailable, "stopping")
			return
		}
		s.reply(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { s.reply(w, http.StatusOK, "hello from price-list") })
	return mux
}

func (s *service) reply(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(map[string]string{"message": message}); err != nil {
		s.log.Warn("reply not sent", "error", err)
	}
}

// serve answers requests until ctx ends, then stops in the order that loses none: not ready, drained, no new connections, done.
func (s *service) serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelError),
	}
	s.ready.Store(true)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	s.log.Info("listening", "address", listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.log.Info("stopping")
	s.ready.Store(false)
	s.drain()
	shutdown, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := server.Shutdown(shutdown); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	s.log.Info("stopped")
	return nil
}
