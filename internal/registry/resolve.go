package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// ErrNotFound says that a registry answered, and has no such image.
var ErrNotFound = errors.New("the registry has no such image")

// Resolve returns the digest ("sha256:…") that a reference stands for now. Only the registry's own word that there is no such
// image is ErrNotFound: any other failure leaves open whether there is one.
func Resolve(ctx context.Context, ref string, auth Auth) (string, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return "", fmt.Errorf("image %q: %w: write it as ghcr.io/org/hello:v1.2.3", ref, err)
	}
	return head(ctx, parsed, auth.only(parsed.Context().Registry))
}

func head(ctx context.Context, ref name.Reference, auth credentials) (string, error) {
	op := "resolve " + ref.Name()
	registry := ref.Context().Registry
	options, err := auth.options(ctx, registry)
	if err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	desc, err := remote.Head(ref, options...)
	if absent(err, ref) {
		return "", fmt.Errorf("%s: %w", op, ErrNotFound)
	}
	if err != nil {
		return "", explain(op, registry, auth, err)
	}
	return desc.Digest.String(), nil
}

// absent tells an answer about this manifest from a 404 of whatever else stands in the way, such as the token server.
func absent(err error, ref name.Reference) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && answer.Request != nil &&
		strings.HasSuffix(answer.Request.URL.Path, "/"+ref.Context().RepositoryStr()+"/manifests/"+ref.Identifier())
}
