package rego

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

// Violation is one result of a policy over one input. Its texts are valid UTF-8 of bounded length, without control characters.
type Violation struct {
	RuleID, Title   string
	Severity        finding.Severity
	Message         string
	Fix, URL        string
	Item            int    // index of the object in an input that is a list; -1 where there is none, or the policy does not say
	Path            string // in the document or the item's contents, in the normal form of internal/placement/fieldpath; "" where the policy does not say
	File            string // of conftest's _loc; "" where the policy does not say
	Line            int    // of conftest's _loc, 1-based; 0 where the policy does not say
	Namespace, Rule string // where the policy is: a package and the name of a rule in it
}

// violation reads one result; conftest takes one with an empty message for none. Optional keys that hold something else than we expect count as
// absent, because policies written for conftest may use these names in their own way.
func (p *Policies) violation(n namespace, rule string, value any, items int) (_ Violation, keep bool, _ error) {
	v := Violation{RuleID: n.name + "." + rule, Severity: byName(rule), Item: -1, Namespace: n.name, Rule: rule}
	switch value := value.(type) {
	case string:
		v.Message = value
	case map[string]any:
		message, ok := value["msg"].(string)
		if !ok {
			return v, false, n.problem(rule, fmt.Sprintf("rule %s: a result has no msg, or one that is not a string", rule), `return a string, or {"msg": …}`)
		}
		v.Message = message
		v.read(value, items)
	default:
		return v, false, n.problem(rule, fmt.Sprintf("rule %s: a result is %s", rule, kind(value)), `return a string, or {"msg": …}`)
	}
	if v.Message == "" {
		return v, false, nil
	}
	known := p.byID[v.RuleID]
	v.Title, v.Fix, v.URL = known.Title, cmp.Or(v.Fix, known.Fix), cmp.Or(v.URL, known.URL)
	v.Message, v.Fix = clean(v.Message, mostText, true), clean(v.Fix, mostText, true)
	v.RuleID, v.URL, v.File = clean(v.RuleID, mostName, false), clean(v.URL, mostText, false), clean(v.File, mostText, false)
	return v, true, nil
}

func (v *Violation) read(value map[string]any, items int) {
	if id, ok := value["id"].(string); ok && id != "" {
		v.RuleID = id
	}
	if severity, ok := severityOf(value["severity"]); ok {
		v.Severity = severity
	}
	v.Fix, _ = value["fix"].(string)
	v.URL, _ = value["url"].(string)
	v.Item, v.Path = place(pathOf(value["path"]), items)
	if loc, ok := value["_loc"].(map[string]any); ok {
		v.File, _ = loc["file"].(string)
		line, _ := loc["line"].(json.Number)
		if n, err := strconv.Atoi(line.String()); err == nil && n > 0 {
			v.Line = n
		}
	}
}

// place splits a path into an input with that many items, -1 for a document.
func place(path fieldpath.Path, items int) (item int, rest string) {
	if items < 0 {
		return -1, path.String()
	}
	if len(path) == 0 || path[0].Index < 0 || path[0].Index >= items {
		return -1, ""
	}
	item = path[0].Index
	if len(path) > 1 && path[1] == fieldpath.Key("contents") {
		return item, path[2:].String()
	}
	return item, ""
}

// severityOf reads the words of this product, and those that published policies use.
func severityOf(value any) (finding.Severity, bool) {
	text, _ := value.(string)
	switch strings.ToLower(text) {
	case "error", "high", "critical":
		return finding.Error, true
	case "warning", "warn", "medium", "low", "info":
		return finding.Warning, true
	}
	return "", false
}

func pathOf(value any) fieldpath.Path {
	var path fieldpath.Path
	var err error
	switch value := value.(type) {
	case string:
		path, err = fieldpath.Parse(value)
	case []any:
		path, err = fieldpath.FromList(value)
	}
	if err != nil {
		return nil
	}
	return path
}

func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
