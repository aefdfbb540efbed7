package document

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

	numberTag = "json-number" // of the numbers of JSON files, which stay as written
)

// What is here is resolved as go.yaml.in/yaml/v2 does, on which kubectl builds: yaml/v3 takes the words of YAML 1.1 for strings.
var (
	wholeNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	decimal     = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
)

// scalar returns the value of a scalar: string, json.Number, bool or nil. The error is a sentence for people.
func scalar(node *yaml.Node, github bool) (any, error) {
	text := node.Value
	if node.Style&yaml.TaggedStyle == 0 {
		if node.Style&quoted != 0 {
			return text, nil
		}
		return plain(text, github)
	}
	switch tag := node.ShortTag(); tag {
	case numberTag:
		return number(text)
	case "!!binary":
		return binary(text)
	case "!!int", "!!float", "!!bool", "!!null":
		value, err := plain(text, github)
		if err == nil && !fits(value, tag) {
			err = fmt.Errorf("%s is not a value for the tag %s", excerpt(text), tag)
		}
		return value, err
	default: // !!str, !!timestamp and tags of applications
		return text, nil
	}
}

func fits(value any, tag string) bool {
	switch value := value.(type) {
	case nil:
		return tag == "!!null"
	case bool:
		return tag == "!!bool"
	case json.Number:
		return tag == "!!float" || tag == "!!int" && !strings.ContainsAny(value.String(), ".eE")
	default:
		return false
	}
}

// plain returns the value of unquoted text.
func plain(text string, github bool) (any, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	if yes, is := oldBoolean(text); is && !github {
		return yes, nil
	}
	switch strings.TrimLeft(text, "+-") {
	case ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN":
		return nil, fmt.Errorf("the number %s cannot be expressed in JSON", excerpt(text))
	}
	if c := text[0]; c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') {
		return text, nil
	}
	return plainNumber(text)
}

// oldBoolean knows the words that are boolean in YAML 1.1 and strings in YAML 1.2.
func oldBoolean(text string) (yes, is bool) {
	switch text {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

func plainNumber(text string) (any, error) {
	digits := text
	if text[0] != '.' {
		digits = strings.ReplaceAll(text, "_", "")
	}
	if wholeNumber.MatchString(digits) {
		if strings.Trim(digits, "+-0") == "" {
			digits = "0"
		}
		return number(strings.TrimPrefix(digits, "+"))
	}
	if n, err := strconv.ParseInt(digits, 0, 64); err == nil { // 0x1f, 0o17, 017, 0b1
		return json.Number(strconv.FormatInt(n, 10)), nil
	}
	if n, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return json.Number(strconv.FormatUint(n, 10)), nil
	}
	if !decimal.MatchString(digits) {
		return text, nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return text, nil //nolint:nilerr // 1e999 is a string for kubectl
	}
	short, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("the number %s cannot be expressed in JSON", excerpt(text))
	}
	return json.Number(short), nil
}

// number returns a number as written. One that no float can hold would be infinite, or endless work, for whoever computes with it.
func number(text string) (any, error) {
	if f, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(f, 0) {
		return nil, fmt.Errorf("the number %s is too large", excerpt(text))
	}
	return json.Number(text), nil
}

// binary returns decoded text. Bytes that are no text stay encoded, as JSON has no type for them.
func binary(text string) (any, error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the value of !!binary is not base64")
	}
	if !utf8.Valid(decoded) {
		return text, nil
	}
	return string(decoded), nil
}

// keyName returns the name of a map's key as kubectl spells it: 0x10 is 16. The words of YAML 1.1 booleans stay as written.
func keyName(node *yaml.Node) (string, error) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("a key must be a word, not a map or a list")
	}
	value, err := scalar(node, true)
	switch value := value.(type) {
	case string:
		return value, err
	case bool:
		return strconv.FormatBool(value), err
	case json.Number:
		if whole := wholeNumber.MatchString(value.String()); whole && wholeNumber.MatchString(strings.ReplaceAll(node.Value, "_", "")) {
			return value.String(), err
		}
		return spellKey(value), err
	}
	if err != nil {
		return node.Value, nil //nolint:nilerr // .inf is a fine name
	}
	return "", fmt.Errorf("a key must not be null")
}

// spellKey spells a number that is not a plain whole one. The precision is that of kubectl.
func spellKey(n json.Number) string {
	if _, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return n.String()
	}
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return strconv.FormatFloat(f, 'g', -1, 32)
}
