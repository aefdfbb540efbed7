package registry_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/org/platform/internal/registry"
	"github.com/org/platform/internal/testkit"
)

// Only the registry's own word that there is no such image counts as one that is gone.
func TestExists(t *testing.T) {
	t.Parallel()
	server := testkit.Registry(t)
	image := push(t, options(t, server.Host, "amd64"))
	other := strings.Split(image.Reference(), "@")[0] + "@sha256:" + strings.Repeat("0", 64)
	if found, err := registry.Exists(t.Context(), image.Reference(), registry.Auth{}); err != nil || !found {
		t.Errorf("an image that is there: %v, %v", found, err)
	}
	if found, err := registry.Exists(t.Context(), other, registry.Auth{}); err != nil || found {
		t.Errorf("one that is gone: %v, %v", found, err)
	}
	closed := testkit.Registry(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) })
	})
	if found, err := registry.Exists(t.Context(), closed.Host+"/org/hello@sha256:"+strings.Repeat("0", 64), registry.Auth{}); err == nil || found {
		t.Errorf("a registry that refuses: %v, %v", found, err)
	}
	if found, err := registry.Exists(t.Context(), "127.0.0.1:1/org/hello@sha256:"+strings.Repeat("0", 64), registry.Auth{}); err == nil || found {
		t.Errorf("no registry: %v, %v", found, err)
	}
}
