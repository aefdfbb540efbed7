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

// Commit reads a commit.
func (r *Repository) Commit(h Hash) (*Commit, error) {
	obj, err := r.object(plumbing.CommitObject, h)
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", h, err)
	}
	c, err := object.DecodeCommit(r.objects, obj)
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
	if strings.ContainsRune(message, 0) {
		return nil, errors.New("the commit message has a NUL byte in it")
	}
	when := r.now().UTC().Truncate(time.Second)
	c := &object.Commit{Message: strings.TrimRight(message, "\n") + "\n", TreeHash: tree, ParentHashes: parents}
	for _, who := range []Identity{r.author, r.identity} {
		if err := who.check(); err != nil {
			return nil, err
		}
	}
	c.Author = object.Signature{Name: r.author.Name, Email: r.author.Email, When: when}
	c.Committer = object.Signature{Name: r.identity.Name, Email: r.identity.Email, When: when}
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

// check says whether a commit can name an identity: Git's format has no way to write these characters.
func (i Identity) check() error {
	if strings.TrimSpace(i.Name) == "" || strings.ContainsAny(i.Name+i.Email, "<>\n\x00") {
		return fmt.Errorf("%q <%s> cannot make commits: a name is needed, and neither name nor e-mail may have <, > or line breaks", i.Name, i.Email)
	}
	return nil
}
