package git

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Commit is a commit as callers need it.
type Commit struct {
	Hash      Hash
	TreeHash  Hash
	Parents   []Hash
	Author    Signature
	Committer Signature
	Message   string
}

// Signature is who and when.
type Signature struct {
	Identity
	When time.Time
}

// Subject returns the first line of the message.
func (c *Commit) Subject() string {
	subject, _, _ := strings.Cut(c.Message, "\n")
	return subject
}

// Body returns the message without its first paragraph.
func (c *Commit) Body() string {
	_, body, _ := strings.Cut(c.Message, "\n")
	return strings.TrimSpace(body)
}

// Trailer returns the value of a trailer of the message, or "". Trailers stand in the last paragraph, which is not the subject.
func (c *Commit) Trailer(key string) string {
	paragraphs := strings.Split(strings.TrimSpace(c.Message), "\n\n")
	if len(paragraphs) == 1 {
		return ""
	}
	for line := range strings.Lines(paragraphs[len(paragraphs)-1]) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, key) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Resolve returns the commit that a revision of the clone names: a branch, a tag, a full or short hash, HEAD~1 and the like.
func (r *Repository) Resolve(revision string) (*Commit, error) {
	var hash *Hash
	err := r.objects.locally(func() (err error) {
		if strings.Contains(revision, ":") {
			return errors.New("it names a path")
		}
		hash, err = r.local.ResolveRevision(plumbing.Revision(revision))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("revision %q names no commit of this clone: %w", revision, err)
	}
	return r.Commit(*hash)
}

// Commit reads a commit which the clone has or which was fetched.
func (r *Repository) Commit(h Hash) (*Commit, error) {
	c, err := object.GetCommit(r.objects, h)
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", h, err)
	}
	return &Commit{
		Hash: c.Hash, TreeHash: c.TreeHash, Parents: c.ParentHashes,
		Author: signature(c.Author), Committer: signature(c.Committer), Message: c.Message,
	}, nil
}

func signature(s object.Signature) Signature {
	return Signature{Identity: Identity{Name: s.Name, Email: s.Email}, When: s.When}
}

// CommitTree writes a commit object for a tree.
func (r *Repository) CommitTree(tree Hash, parents []Hash, message string) (*Commit, error) {
	if r.identity.Name == "" || strings.ContainsAny(r.identity.Name+r.identity.Email, "<>\n\x00") {
		return nil, fmt.Errorf("%q <%s> cannot make commits: a name is needed, and neither name nor e-mail may have <, > or line breaks",
			r.identity.Name, r.identity.Email)
	}
	if strings.ContainsRune(message, 0) {
		return nil, errors.New("the commit message has a NUL byte in it")
	}
	when := r.now().UTC().Truncate(time.Second)
	who := object.Signature{Name: r.identity.Name, Email: r.identity.Email, When: when}
	c := &object.Commit{Author: who, Committer: who, Message: strings.TrimRight(message, "\n") + "\n", TreeHash: tree, ParentHashes: parents}
	obj := r.objects.NewEncodedObject()
	if err := c.Encode(obj); err != nil {
		return nil, fmt.Errorf("encode commit: %w", err)
	}
	hash, err := r.objects.SetEncodedObject(obj)
	if err != nil {
		return nil, fmt.Errorf("write commit: %w", err)
	}
	return r.Commit(hash)
}
