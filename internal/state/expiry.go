package state

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Expiry is a time to the second, written as RFC 3339 has it: 2026-12-24T18:00:00Z. YAML's own dates are not: whether a day without an hour and a
// time zone ends here or elsewhere, nobody could tell.
type Expiry struct{ time.Time }

// ExpiryAt returns a time as a hold can write it.
func ExpiryAt(t time.Time) Expiry { return Expiry{t.UTC().Truncate(time.Second)} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (e *Expiry) UnmarshalYAML(node *yaml.Node) error {
	t, err := time.Parse(time.RFC3339, node.Value)
	if node.Kind != yaml.ScalarNode || err != nil {
		return fmt.Errorf("%q is not a time; write for example 2026-12-24T18:00:00Z", node.Value)
	}
	*e = ExpiryAt(t)
	return nil
}

// MarshalYAML implements yaml.Marshaler.
func (e Expiry) MarshalYAML() (any, error) { return e.UTC().Truncate(time.Second), nil }

// String returns the time as it is written.
func (e Expiry) String() string { return e.UTC().Format(time.RFC3339) }
