package overlays

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/render"
)

// engine renders, and keeps what was rendered.
type engine struct {
	repo    *git.Repository
	results results
	workers int
}

// order says what to render.
type order struct {
	tree        git.Hash
	component   component
	environment string
	remoteBases []string
}

func (s *Set) order(i int) order {
	return order{s.tree, s.component(i), s.environment(i), s.platform.remoteBases}
}

// outcome is what is known of an overlay, with its manifests.
type outcome struct {
	pair
	manifests []byte
	fresh     bool // it was rendered just now, or tried to
}

// recall returns what was rendered before.
func (e *engine) recall(p pair) (outcome, bool) {
	if p.state != rendered {
		return outcome{pair: p}, true
	}
	manifests, stored := e.results.get(p.digest)
	return outcome{pair: p, manifests: manifests}, stored
}

// render renders an overlay, stores the manifests and notes what was read.
func (e *engine) render(ctx context.Context, what order) outcome {
	root := render.Record(e.repo.Tree(what.tree))
	o := renderFrom(ctx, root, what)
	o.fresh, o.asked = true, root.Lookups()
	o.again = o.again || root.Err() != nil
	if o.state == rendered {
		o.digest = sha256.Sum256(o.manifests)
		e.results.put(o.digest, o.manifests)
	}
	return o
}

func renderFrom(ctx context.Context, root *render.Recorder, what order) (o outcome) {
	o.state = failed
	o.dir, o.err = render.OverlayDir(root, what.component.path, what.environment)
	if errors.Is(o.err, render.ErrNoOverlay) {
		o.state, o.err = none, nil
	}
	if o.dir == "" {
		return o
	}
	result, err := render.Render(ctx, render.Request{Root: root, Dir: o.dir, RemoteBases: what.remoteBases})
	if err != nil {
		o.err = err
		return o
	}
	o.state, o.again, o.manifests = rendered, result.Remote, result.Manifests
	return o
}
