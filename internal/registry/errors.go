package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// explain says what was being done at which registry, what came of it, and what to check.
func explain(op string, registry name.Registry, auth credentials, err error) error {
	host := registry.Name()
	var answer *transport.Error
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: stopped: %w", op, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: %s did not answer in time: check that it can be reached, or allow more time: %w", op, host, err)
	case isTLS(err):
		return fmt.Errorf("%s: no trusted TLS connection to %s: check the host and port, the certificate's name and validity, "+
			"and that its CA is trusted on this machine: %w", op, host, err)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: the name %s cannot be looked up: check its spelling and this machine's DNS: %w", op, host, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: %s refuses connections: check that the registry runs, and its host and port: %w", op, host, err)
	case errors.As(err, &answer):
		return fmt.Errorf("%s: %s: %w", op, meaning(answer.StatusCode, host, auth.user(registry)), err)
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%s: %s speaks plain http: check the port, and put TLS in front of a registry that is not on this machine: %w",
			op, host, err)
	default:
		return fmt.Errorf("%s at %s: %w", op, host, err)
	}
}

// meaning says what a registry's answer asks for. The user is the one whose credentials were given, or "".
func meaning(status int, host, user string) string {
	const workflow = "in a workflow pass username ${{ github.actor }} and password ${{ github.token }}, " +
		"with permissions: packages: write"
	switch {
	case (status == http.StatusUnauthorized || status == http.StatusForbidden) && user != "":
		return fmt.Sprintf("%s refuses user %q (%d): check the password and that the user may write to this repository; %s",
			host, user, status, workflow)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Sprintf("%s wants other credentials (%d): %s; elsewhere run docker login %s", host, status, workflow, host)
	case status == http.StatusNotFound:
		return host + " has no such repository or image (404): check the name, and create the repository where the registry wants that"
	case status == http.StatusTooManyRequests:
		return host + " limits the rate of requests (429), also after waiting: try again later"
	case status >= http.StatusInternalServerError:
		return fmt.Sprintf("%s fails (%d), also after trying again: look at its status page and try later", host, status)
	default:
		return fmt.Sprintf("%s refuses the request (%d)", host, status)
	}
}

func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &hostname)
}
