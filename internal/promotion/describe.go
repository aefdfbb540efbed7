package promotion

import (
	"github.com/org/platform/internal/release"
)

// Change is one commit for a description.
type Change struct {
	Hash, Subject, Author string
}

const maxListed = 30

func imageOf(r *release.Record, name string) string {
	if r == nil {
		return ""
	}
	for _, i := range r.Images {
		if i.Name == name {
			return i.Digest
		}
	}
	return ""
}
