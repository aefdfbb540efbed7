package dispatch

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/workspace"
)

// Renders returns the store of a workspace's rendered overlays. Each repository has a folder of its own in the cache: an index is of one tree.
func Renders(a *app.App, w *workspace.Workspace) *overlays.Store {
	cache := a.CacheDir()
	if cache != "" {
		sum := sha256.Sum256([]byte(w.Repo.RemoteURL()))
		cache = filepath.Join(cache, "renders", hex.EncodeToString(sum[:8]))
	}
	return overlays.NewStore(overlays.Options{Cache: cache, Now: a.Now, Warn: func(err error) { a.Notice("%v", err) }})
}
