package report

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/org/platform/internal/finding"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// SARIFLimit is how many results GitHub shows of a run. It takes 25,000, and refuses the whole file beyond.
	SARIFLimit = 5000

	sarifText = 8 << 10 // bytes of a message
	unnamed   = "finding"
)

// SARIF writes the report as SARIF 2.1.0, for code scanning. A finding without a line has no region; one without a file is a notification of the run,
// because code scanning refuses a result without a place and we invent none. Of more than SARIFLimit findings the first are results, and a
// notification counts the rest.
func (r *Report) SARIF(w io.Writer) error {
	rules, index := r.sarifRules()
	run := sarifRun{ColumnKind: "utf16CodeUnits", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: cmp.Or(r.Tool.Name, "platform"), Version: r.Tool.Version, InformationURI: address(r.Tool.URL), Rules: rules}
	invocation := sarifInvocation{ExecutionSuccessful: true}
	source := r.sources()
	more := 0
	for _, f := range r.Findings {
		switch {
		case len(run.Results)+len(invocation.Notifications) >= SARIFLimit:
			more++
		case f.File == "":
			invocation.Notifications = append(invocation.Notifications, notification(f, index[ruleID(f)]))
		default:
			run.Results = append(run.Results, result(f, index[ruleID(f)], source))
		}
	}
	if more > 0 {
		invocation.Notifications = append(invocation.Notifications,
			sarifNotification{Level: "warning", Message: sarifMessage{Text: fmt.Sprintf("%d more findings are left out: code scanning shows %d.", more, SARIFLimit)}})
	}
	run.Invocations = []sarifInvocation{invocation}
	return encode(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// sarifRules returns the rules that were evaluated, then those of findings that are of none, and the index of each.
func (r *Report) sarifRules() ([]sarifRule, map[string]int) {
	list := []sarifRule{}
	index := map[string]int{}
	add := func(rule Rule) {
		id := cmp.Or(line(rule.ID), unnamed)
		if _, known := index[id]; known {
			return
		}
		index[id] = len(list)
		list = append(list, sarifRuleOf(id, rule))
	}
	for _, rule := range r.Rules {
		add(rule)
	}
	for _, f := range r.Findings {
		add(Rule{ID: f.RuleID, Title: f.Title, Severity: f.Severity, Fix: f.Fix, URL: f.URL})
	}
	return list, index
}

func ruleID(f finding.Finding) string { return cmp.Or(line(f.RuleID), unnamed) }

func sarifRuleOf(id string, rule Rule) sarifRule {
	title := cmp.Or(Shorten(line(rule.Title), 1024), id)
	why := cmp.Or(Shorten(Plain(rule.Why), sarifText), title)
	help := why
	markdown := prose(why)
	if rule.Fix != "" {
		fix := Shorten(Plain(rule.Fix), sarifText)
		help += "\n\nFix: " + fix
		markdown += "\n\n**Fix:** " + prose(fix)
	}
	s := sarifRule{ID: id, ShortDescription: sarifMessage{Text: title}, FullDescription: sarifMessage{Text: why},
		Help: sarifHelp{Text: help, Markdown: markdown}, HelpURI: address(rule.URL)}
	s.DefaultConfiguration.Level = level(rule.Severity)
	return s
}

func level(s finding.Severity) string {
	if s == finding.Warning {
		return "warning"
	}
	return "error"
}

func notification(f finding.Finding, rule int) sarifNotification {
	return sarifNotification{Level: level(f.Severity), Message: message(f), AssociatedRule: &sarifReference{ID: ruleID(f), Index: rule}}
}

func result(f finding.Finding, rule int, source *sources) sarifResult {
	physical := sarifPhysical{ArtifactLocation: sarifArtifactLocation{URI: relative(f.File), URIBaseID: "%SRCROOT%"}}
	if f.Line > 0 {
		physical.Region = &sarifRegion{StartLine: f.Line, StartColumn: units(f, source)}
	}
	s := sarifResult{RuleID: ruleID(f), RuleIndex: rule, Level: level(f.Severity), Message: message(f), BaselineState: "new",
		Locations: []sarifLocation{{physical}},
		Properties: sarifProperties{Components: f.Components, Environments: f.Environments, Resource: Plain(f.Resource), Path: Plain(f.Path),
			Confidence: string(f.Confidence), Fix: Shorten(Plain(f.Fix), sarifText)}}
	if f.Known {
		s.BaselineState = "unchanged"
	}
	if f.Fingerprint != "" {
		s.PartialFingerprints = map[string]string{"platform/v1": f.Fingerprint}
	}
	if f.Waiver != nil {
		reason := fmt.Sprintf("%s (accepted by %s until %s)", line(f.Waiver.Reason), line(f.Waiver.Owner), line(f.Waiver.Expires))
		s.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: Shorten(reason, sarifText)}}
	}
	return s
}

// message returns the text of a finding. What would be a link in it, [text](target), is none: the brackets are escaped.
func message(f finding.Finding) sarifMessage {
	text := cmp.Or(Shorten(Plain(f.Message), sarifText), line(f.Title), ruleID(f))
	if f.Fix != "" {
		text += "\n" + Shorten(Plain(f.Fix), sarifText)
	}
	if strings.Contains(text, "](") {
		text = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(text)
	}
	return sarifMessage{Text: text}
}

// units returns the column in UTF-16 code units, or 0 where the line is not there to count in.
func units(f finding.Finding, source *sources) int {
	if f.Column < 2 {
		return f.Column
	}
	content, found := source.line(f.File, f.Line)
	end := f.Column - 1
	if !found || end > len(content) {
		return 0
	}
	for end < len(content) && end > 0 && !utf8.RuneStart(content[end]) {
		end--
	}
	return source.units(content, end) + 1
}

// relative returns a path of the repository as a relative reference of RFC 3986.
func relative(file string) string {
	segments := strings.Split(file, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(s), ":", "%3A") // in the first it would end a scheme
	}
	return strings.Join(segments, "/")
}

var parentheses = strings.NewReplacer("(", "%28", ")", "%29", "'", "%27", "*", "%2A", "[", "%5B", "]", "%5D")

// address returns a web address that nothing in ends a link of Markdown, or "" for what is none.
func address(s string) string {
	parsed, err := url.Parse(s)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return ""
	}
	if s = parentheses.Replace(parsed.String()); strings.ContainsAny(s, " <>{}|\\^`\"~") || !isPlain(s) {
		return ""
	}
	return s
}
