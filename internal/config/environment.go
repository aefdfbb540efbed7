package config

import (
	"fmt"

	"github.com/org/platform/internal/suggest"
)

// UnknownEnvironmentError names an environment that does not exist.
type UnknownEnvironmentError struct {
	Name  string
	Known []string
}

// Error implements error.
func (e *UnknownEnvironmentError) Error() string {
	return fmt.Sprintf("unknown environment %q: %s", e.Name, suggest.Hint(e.Name, e.Known))
}
