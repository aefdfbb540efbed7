package placement

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/org/platform/internal/finding"
)

// Object is one object of a render, with what fails in it.
type Object struct {
	APIVersion, Kind, Namespace, Name string // as rendered

	Original string // name as authored, "" where unknown
	Origin   string // file that declares it, relative to the root; "" where unknown: generated, or from a remote base
	Manifest []byte // as YAML
	Failures []Failure
}

// Failure is one failure of a rule.
type Failure struct {
	RuleID string
	Path   string // as internal/placement/fieldpath reads it; "" for the object as a whole
	Static bool   // Render does not evaluate its rule: it is placed by the layers alone
	Alone  bool   // its rule looks at this object and no other
}

// Render renders the overlay from another root and evaluates the same rules. Original and Origin may be empty in its objects.
type Render func(ctx context.Context, root fs.FS) ([]Object, error)

// Overlay is a rendered overlay whose failures are to be placed.
type Overlay struct {
	Root      fs.FS
	Dir       string // of the kustomization, relative to the root
	Objects   []Object
	Reads     []string // files that the render read, relative to the root; searched for objects without origin
	Render    Render   // nil: failures are placed by the layers alone
	Rendered  bool     // Objects are what Render gives of the root as it is: it is not asked for that
	MaxProbes int      // how many renders may be spent; 0 is DefaultProbes
	Trace     bool     // fill Place.Trace
}

// DefaultProbes bounds the renders of one overlay where MaxProbes does not; an overlay needs about one per entry of its
// kustomizations.
const DefaultProbes = 200

// Place is where a person must change something.
type Place struct {
	File       string // slash-separated, relative to the root; "" where not even the file can be told
	Line       int    // 1-based; 0 with confidence File
	Column     int    // 1-based, in bytes; 0 with confidence File
	Confidence finding.Confidence
	Trace      []string // what was tried, in order
}

// Locate returns the place of each failure: result[i][j] is that of Objects[i].Failures[j]. Files that are missing or do not
// parse are passed over: whoever renders reports them. It fails only where ctx ends.
func (o Overlay) Locate(ctx context.Context) ([][]Place, error) {
	p := newProber(ctx, &o)
	places := make([][]Place, len(o.Objects))
	for i := range o.Objects {
		places[i] = make([]Place, len(o.Objects[i].Failures))
		for j, failure := range o.Objects[i].Failures {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("place the failures of %s: %w", o.Dir, err)
			}
			a := &attribution{prober: p, search: p.search(i, failure.Path), object: i, failure: failure}
			places[i][j] = a.place()
			if o.Trace {
				places[i][j].Trace = a.notes
			}
		}
	}
	if err := ctx.Err(); err != nil { // a probe that was cut short is no evidence
		return nil, fmt.Errorf("place the failures of %s: %w", o.Dir, err)
	}
	return places, nil
}
