package config

import (
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is a time span written as Go does: 90s, 30m, 24h.
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return errors.New("want a time span, for example 30m or 24h")
	}
	span, err := time.ParseDuration(node.Value)
	if err != nil || span < 0 {
		return fmt.Errorf("%q is not a time span; write for example 30m or 24h", node.Value)
	}
	*d = Duration(span)
	return nil
}

// MarshalText implements encoding.TextMarshaler, so that the JSON Schema and JSON output show a string.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }
