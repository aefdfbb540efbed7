package build

import (
	"fmt"
	"regexp"
)

// Platform is a target of the Go toolchain.
type Platform struct {
	OS   string // GOOS
	Arch string // GOARCH
}

// String returns "os/arch".
func (p Platform) String() string { return p.OS + "/" + p.Arch }

var platformPattern = regexp.MustCompile(`^([a-z][a-z0-9]*)/([a-z][a-z0-9]*)$`)

// ParsePlatform reads "os/arch". Whether the toolchain knows the pair is seen when it builds.
func ParsePlatform(s string) (Platform, error) {
	m := platformPattern.FindStringSubmatch(s)
	if m == nil {
		return Platform{}, fmt.Errorf("platform %q is not os/arch: write linux/amd64, linux/arm64 or darwin/arm64", s)
	}
	return Platform{OS: m[1], Arch: m[2]}, nil
}
