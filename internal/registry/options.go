package registry

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// DefaultUser is the user and group that images run as: the one the image's /etc/passwd calls nonroot.
const DefaultUser = "65532:65532"

// Options says what is in an image and where it goes.
type Options struct {
	Repository string            // with its registry, such as ghcr.io/org/hello
	Name       string            // the binary is /<Name> in the image, and its entrypoint
	Artifacts  []Artifact        // one makes an image, several make an index
	Base       string            // a reference with digest; "" or "scratch" for none
	User       string            // uid:gid; "" means DefaultUser
	Env        map[string]string // added to the base's
	Labels     map[string]string // all the labels there are: a base's are not taken over
	Ports      []int             // TCP
	Tags       []string          // may be empty: a digest is enough to deploy
	Created    time.Time         // of the image and every file in it; zero means the Unix epoch
	Auth       Auth
}

// Artifact is a binary for one platform.
type Artifact struct {
	OS, Arch string
	Path     string // on disk
}

// Platform returns "os/arch".
func (a Artifact) Platform() string { return a.OS + "/" + a.Arch }

// Image is an image, or an index of images, in a registry.
type Image struct {
	Repository string   `json:"repository"`
	Digest     string   `json:"digest"` // "sha256:…"
	MediaType  string   `json:"mediaType"`
	Platforms  []string `json:"platforms"` // "os/arch", sorted
	Size       int64    `json:"size"`      // bytes of manifests, configurations and compressed layers
	Pushed     bool     `json:"pushed"`    // false where the registry had this digest already
}

// Reference returns repository@digest.
func (i Image) Reference() string { return i.Repository + "@" + i.Digest }

// SourceDateEpoch reads the value of the variable of that name: seconds since the Unix epoch, which is also what "" means.
func SourceDateEpoch(value string) (time.Time, error) {
	if value == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%q is not a number of seconds: write what git log -1 --format=%%ct prints", value)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

var (
	namePattern      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	componentPattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	tagPattern       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	userPattern      = regexp.MustCompile(`^[0-9]+:[0-9]+$`)
)

// systemFolders are names at the root of an image that a binary must not take.
var systemFolders = []string{"bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "media", "mnt", "opt", "proc", "root",
	"run", "sbin", "srv", "sys", "tmp", "usr", "var"}

// ParseRepository checks a repository: it names its registry and has neither tag nor digest.
func ParseRepository(s string) (name.Repository, error) {
	hint := "write it as ghcr.io/org/hello"
	host, path, _ := strings.Cut(s, "/")
	switch {
	case strings.Contains(s, "://"):
		hint = "leave out the scheme, as in ghcr.io/org/hello"
	case strings.Contains(path, "@") || strings.Contains(path, ":"):
		hint = "leave out tag and digest, as in ghcr.io/org/hello"
	case s != strings.ToLower(s):
		hint = "use lower case: " + strings.ToLower(s)
	}
	repo, err := name.NewRepository(s, name.StrictValidation)
	for part := range strings.SplitSeq(path, "/") {
		if err == nil && !componentPattern.MatchString(part) {
			err = fmt.Errorf("%q is not a valid part of a name", part)
		}
	}
	if err == nil && host == "" {
		err = errors.New("the registry is missing")
	}
	if err != nil {
		return name.Repository{}, fmt.Errorf("image repository %q: %w: %s", s, err, hint)
	}
	return repo, nil
}

// complete checks the options and fills in the defaults. Artifacts and ports are sorted, so that their order does not matter.
func (o Options) complete() (Options, error) {
	if !namePattern.MatchString(o.Name) || slices.Contains(systemFolders, o.Name) {
		return o, fmt.Errorf("binary name %q: use letters, digits, '.', '_' and '-', and no name of a system folder", o.Name)
	}
	if o.User == "" {
		o.User = DefaultUser
	}
	if !userPattern.MatchString(o.User) {
		return o, fmt.Errorf("user %q: write uid:gid in numbers, such as %s", o.User, DefaultUser)
	}
	if o.Created.IsZero() {
		o.Created = time.Unix(0, 0)
	}
	o.Created = o.Created.UTC().Truncate(time.Second)
	if o.Created.Unix() < 0 {
		return o, fmt.Errorf("the image's time %s lies before 1970", o.Created.Format(time.RFC3339))
	}
	for _, tag := range o.Tags {
		if !tagPattern.MatchString(tag) {
			return o, fmt.Errorf("tag %q: use up to 128 letters, digits, '.', '_' and '-', such as v1.2.3", tag)
		}
	}
	o.Ports = slices.Sorted(slices.Values(o.Ports))
	for _, port := range o.Ports {
		if port < 1 || port > 65535 {
			return o, fmt.Errorf("port %d is not between 1 and 65535", port)
		}
	}
	for key := range o.Env {
		if key == "" || strings.ContainsAny(key, "=\x00") {
			return o, fmt.Errorf("environment variable %q: a name is not empty and has no '='", key)
		}
	}
	return o.completeArtifacts()
}

func (o Options) completeArtifacts() (Options, error) {
	if len(o.Artifacts) == 0 {
		return o, errors.New("no binary to make an image from")
	}
	o.Artifacts = slices.SortedFunc(slices.Values(o.Artifacts), func(a, b Artifact) int {
		return strings.Compare(a.Platform(), b.Platform())
	})
	for i, a := range o.Artifacts {
		if a.OS != "linux" {
			return o, fmt.Errorf("no image for %s: images are made for linux; leave this binary out", a.Platform())
		}
		if i > 0 && a.Platform() == o.Artifacts[i-1].Platform() {
			return o, fmt.Errorf("two binaries for %s: %s and %s", a.Platform(), o.Artifacts[i-1].Path, a.Path)
		}
		if err := checkBinary(a, o.scratch()); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o Options) scratch() bool { return o.Base == "" || o.Base == "scratch" }
