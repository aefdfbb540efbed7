package runner

import (
	"strconv"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

// Bounds of an annotation, in bytes.
const (
	// MaxMessage is what the Actions runner keeps of a message, in characters; a byte is one at most. It cuts the rest without a word.
	MaxMessage = 4096
	maxTitle   = 255  // of GitHub
	maxPath    = 4096 // of file systems: a longer one is none
)

// Annotate writes one finding as an annotation, on one line whatever the finding holds. Where the line is unknown none is given: GitHub then shows
// it on the run, not on an invented line.
func (r *Runner) Annotate(f finding.Finding) {
	if !r.active {
		return
	}
	fields := map[string]string{}
	if f.File != "" && len(f.File) <= maxPath {
		fields["file"] = report.Plain(f.File)
		if f.Line > 0 {
			fields["line"] = strconv.Itoa(f.Line)
			if f.Column > 0 {
				fields["col"] = strconv.Itoa(f.Column)
			}
		}
	}
	if title := report.Heading(f, maxTitle); title != "" {
		fields["title"] = title
	}
	action := r.action.WithFieldsMap(fields) // it escapes the message and each field as the runner reads them
	message := report.Explain(f, MaxMessage)
	if f.Severity == finding.Warning {
		action.Warningf("%s", message)
	} else {
		action.Errorf("%s", message)
	}
}
