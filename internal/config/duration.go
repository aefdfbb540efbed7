package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is a time span written as Go does, with days before it: 90s, 30m, 24h, 7d, 1d12h. A day has 24 hours.
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return errors.New("want a time span, for example " + spanExamples)
	}
	span, ok := parseDuration(node.Value)
	if !ok {
		return fmt.Errorf("%q is not a time span; write for example %s", node.Value, spanExamples)
	}
	*d = Duration(span)
	return nil
}

const (
	spanExamples = "30m, 24h or 7d"
	day          = 24 * time.Hour
)

var days = regexp.MustCompile(`^([0-9]{1,9})d`)

func parseDuration(text string) (time.Duration, bool) {
	var span time.Duration
	if m := days.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n > int(math.MaxInt64/day) {
			return 0, false
		}
		span = time.Duration(n) * day
		if text = text[len(m[0]):]; text == "" {
			return span, true
		}
		if text[0] == '-' || text[0] == '+' { // 1d-1h
			return 0, false
		}
	}
	rest, err := time.ParseDuration(text)
	if err != nil || rest < 0 || span > math.MaxInt64-rest {
		return 0, false
	}
	return span + rest, true
}

// MarshalText implements encoding.TextMarshaler, so that the JSON Schema and JSON output show a string.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }
