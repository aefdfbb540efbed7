package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
)

// ErrNoOverlay says that a component has nothing to render for an environment: it is not part of it.
var ErrNoOverlay = errors.New("has no overlay")

// OverlayDir returns the folder to render for a component in an environment: its deploy/overlays/<environment> where that
// folder exists, else its deploy/base where that holds a kustomization. Where there is neither, the error is an ErrNoOverlay.
func OverlayDir(root fs.FS, componentDir, environment string) (string, error) {
	if !fs.ValidPath(componentDir) {
		return "", fmt.Errorf("component folder %q is not a clean slash path relative to the repository root", componentDir)
	}
	if environment == "." || !fs.ValidPath(environment) || strings.Contains(environment, "/") {
		return "", fmt.Errorf("environment %q is not a name", environment)
	}
	overlays := path.Join(componentDir, "deploy/overlays")
	overlay, base := path.Join(overlays, environment), path.Join(componentDir, "deploy/base")
	r := newResolver(root)
	if found, err := exists(&r, overlay, true); err != nil {
		return "", err
	} else if found {
		return overlay, nil
	}
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		if found, err := exists(&r, path.Join(base, name), false); err != nil {
			return "", err
		} else if found {
			return base, nil
		}
	}
	return "", fmt.Errorf("%s %w for %s: neither a folder %s nor a kustomization.yaml in %s%s",
		componentDir, ErrNoOverlay, environment, overlay, base, others(root, overlays))
}

func exists(r *resolver, name string, dir bool) (bool, error) {
	_, mode, err := r.resolve(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", name, err)
	}
	return mode.IsDir() == dir, nil
}

// others ends the error with the overlays there are, for who misspelt one.
func others(root fs.FS, overlays string) string {
	entries, err := fs.ReadDir(root, overlays)
	if err != nil || len(entries) == 0 {
		return ""
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	slices.Sort(names)
	return fmt.Sprintf(" (overlays there are: %s)", strings.Join(names, ", "))
}

// KustomizationFiles returns the names that the file of a kustomization may have.
func KustomizationFiles() []string { return konfig.RecognizedKustomizationFileNames() }
