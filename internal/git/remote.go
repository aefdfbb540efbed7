package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
)

// remote is where branches live that others see too. Its address, how to reach it, and what it said about itself.
type remote struct {
	display  string // without credentials
	endpoint *transport.Endpoint
	client   transport.Transport
	auth     transport.AuthMethod
	secrets  []string // never shown
	withheld bool     // a token was given but not sent
	stall    time.Duration
	known
}

func newRemote(address, token string, stall time.Duration, sleep func(context.Context, time.Duration) error) (*remote, error) {
	endpoint, err := transport.NewEndpoint(address)
	if err != nil { // the cause quotes the address, with the password that may be in it
		return nil, errors.New("the address of the remote cannot be read: write https://HOST/PATH, git@HOST:PATH or a folder")
	}
	m := &remote{display: redact(address), endpoint: endpoint, stall: stall}
	switch endpoint.Protocol {
	case "http", "https":
		m.client = httpClient(sleep)
		m.authenticate(token)
	default:
		if m.client, err = client.NewClient(endpoint); err != nil {
			return nil, fmt.Errorf("remote %s: %w", redact(address), err)
		}
	}
	return m, nil
}

// address returns a copy of the endpoint: go-git writes redirects into the one it is given, and what one session was sent elsewhere must
// not carry the credentials of the next one there.
func (m *remote) address() *transport.Endpoint {
	e := *m.endpoint
	return &e
}

// authenticate takes the credentials of an address out of it, where errors would show them. A token given apart goes first.
func (m *remote) authenticate(token string) {
	e := m.endpoint
	m.withheld = token != "" && !sendToken(e)
	switch {
	case token != "" && !m.withheld:
		m.auth = &http.BasicAuth{Username: "x-access-token", Password: token}
	case e.User != "" || e.Password != "":
		m.auth = &http.BasicAuth{Username: e.User, Password: e.Password}
	}
	for _, s := range []string{token, cmp.Or(e.Password, e.User)} { // a user without password is a token
		if s != "" {
			m.secrets = append(m.secrets, s)
		}
	}
	e.User, e.Password = "", ""
}

// sendToken keeps tokens off the wire where others could read them.
func sendToken(e *transport.Endpoint) bool {
	return e.Protocol == "https" || (e.Protocol == "http" && isLoopback(e.Host))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// explain adds what a person can do to the errors of a transport.
func (m *remote) explain(operation string, err error) error {
	hint := ""
	switch {
	case m.withheld && errors.Is(err, transport.ErrAuthenticationRequired):
		hint = "the token was not sent, since plain http would show it to others: use https"
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		hint = "give a token which may write to it (input token, or GITHUB_TOKEN with permissions: contents: write)"
	case errors.Is(err, transport.ErrRepositoryNotFound):
		hint = "check the address, and that the token may see it"
	}
	if hint != "" && !strings.HasSuffix(err.Error(), ": ") { // as go-git ends where the server said nothing
		hint = "; " + hint
	}
	text := fmt.Sprintf("%s %s: %v%s", operation, m.display, err, hint)
	if hidden := m.hide(text); hidden != text { // servers and proxies may echo what they were sent
		return &RemoteError{text: hidden}
	}
	return &RemoteError{text: text, cause: err}
}

// RemoteError is a failure to learn something from a remote, or to tell it something: it says nothing about what the remote has.
type RemoteError struct {
	text  string
	cause error // nil where it would show a secret
}

// Error implements error.
func (e *RemoteError) Error() string { return e.text }

// Unwrap returns the cause.
func (e *RemoteError) Unwrap() error { return e.cause }

func (m *remote) hide(text string) string {
	for _, s := range m.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return text
}

// clean makes one line of what a remote printed.
func (m *remote) clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) {
			return ' ' // line breaks, and whatever could steer a terminal
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return m.hide(strings.Join(strings.Fields(text), " "))
}
