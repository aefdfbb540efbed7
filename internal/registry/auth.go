package registry

import (
	"context"
	"errors"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Auth is a user's credentials. Where it is empty, those of docker login are used ($DOCKER_CONFIG is honoured), else none.
type Auth struct{ Username, Password string }

// userAgent is how registries see us.
const userAgent = "platform"

// credentials are an Auth and the one registry it is meant for: it must not be sent to that of a base image.
type credentials struct {
	auth Auth
	host name.Registry
}

func (a Auth) only(host name.Registry) credentials { return credentials{auth: a, host: host} }

// given says whether the caller's own credentials are sent to a registry.
func (c credentials) given(to name.Registry) bool {
	return c.auth != (Auth{}) && c.host.RegistryStr() == to.RegistryStr()
}

// user returns the name sent to a registry, or "" where the caller's credentials are not.
func (c credentials) user(to name.Registry) string {
	if !c.given(to) {
		return ""
	}
	return c.auth.Username
}

// options returns how to talk to a registry.
func (c credentials) options(ctx context.Context, to name.Registry) ([]remote.Option, error) {
	options := []remote.Option{remote.WithContext(ctx), remote.WithUserAgent(userAgent)}
	if !c.given(to) {
		return append(options, remote.WithAuthFromKeychain(authn.DefaultKeychain)), nil
	}
	if c.auth.Username == "" || c.auth.Password == "" {
		return nil, errors.New("credentials need a username and a password: give both or neither")
	}
	return append(options, remote.WithAuth(&authn.Basic{Username: c.auth.Username, Password: c.auth.Password})), nil
}
