package registry

import (
	"context"
	"errors"
)

// Exists says whether the registry has an image, by tag or digest. An error leaves that open: the registry did not answer, or not to us.
func Exists(ctx context.Context, ref string, auth Auth) (bool, error) {
	_, err := Resolve(ctx, ref, auth)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
