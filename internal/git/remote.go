package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
)

// remote is where branches live that others see too.
type remote struct {
	display  string // without credentials
	endpoint *transport.Endpoint
	client   transport.Transport
	auth     transport.AuthMethod
	secrets  []string // never shown
	withheld bool     // a token was given but not sent
}

func newRemote(address, token string) (remote, error) {
	endpoint, err := transport.NewEndpoint(address)
	if err != nil { // the cause quotes the address, with the password that may be in it
		return remote{}, errors.New("the address of the remote cannot be read: write https://HOST/PATH, git@HOST:PATH or a folder")
	}
	c, err := client.NewClient(endpoint)
	if err != nil {
		return remote{}, fmt.Errorf("remote %s: %w", redact(address), err)
	}
	m := remote{display: redact(address), endpoint: endpoint, client: c}
	if strings.HasPrefix(endpoint.Protocol, "http") {
		m.authenticate(token)
	}
	return m, nil
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
	ip := net.ParseIP(e.Host)
	return e.Protocol == "https" || (e.Protocol == "http" && (e.Host == "localhost" || (ip != nil && ip.IsLoopback())))
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
func (m remote) explain(operation string, err error) error {
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
	explained := fmt.Errorf("%s %s: %w%s", operation, m.display, err, hint)
	if text := explained.Error(); text != m.hide(text) { // servers and proxies may echo what they were sent
		return errors.New(m.hide(text))
	}
	return explained
}

func (m remote) hide(text string) string {
	for _, s := range m.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return text
}

// clean makes one line of what a remote printed.
func (m remote) clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) {
			return ' ' // line breaks, and whatever could steer a terminal
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return m.hide(strings.Join(strings.Fields(text), " "))
}

// References returns the remote's branches and other references by full name. A remote without any is empty, not an error.
func (r *Repository) References(ctx context.Context) (map[string]Hash, error) {
	session, advertised, err := r.advertise(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return advertised.References, nil
}

// advertise opens a session for reading and returns what the remote offers.
func (r *Repository) advertise(ctx context.Context) (transport.UploadPackSession, *packp.AdvRefs, error) {
	session, err := r.remote.client.NewUploadPackSession(r.remote.endpoint, r.remote.auth)
	if err != nil {
		return nil, nil, r.remote.explain("connect to", err)
	}
	advertised, err := session.AdvertisedReferencesContext(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return session, packp.NewAdvRefs(), nil
	}
	if err != nil {
		session.Close()
		return nil, nil, r.remote.explain("list the branches of", err)
	}
	return session, advertised, nil
}

// Branch returns the commit a remote branch points to, or ZeroHash where the remote has no such branch.
func (r *Repository) Branch(ctx context.Context, name string) (Hash, error) {
	refs, err := r.References(ctx)
	if err != nil {
		return ZeroHash, err
	}
	return refs[BranchRef(name)], nil
}

// BranchRef returns the full reference name of a branch.
func BranchRef(name string) string { return "refs/heads/" + name }

// Published says whether a commit is on a branch of the remote, where others find it: a promotion renders it again, later and elsewhere.
func (r *Repository) Published(ctx context.Context, commit Hash) (bool, error) {
	refs, err := r.References(ctx)
	if err != nil {
		return false, err
	}
	tips := branchTips(refs) // not of refs/pull: what is not merged, nobody can promote later
	if slices.Contains(tips, commit) {
		return true, nil
	}
	if err := r.Fetch(ctx, tips...); err != nil {
		return false, err
	}
	return r.reachable(ctx, commit, tips)
}
