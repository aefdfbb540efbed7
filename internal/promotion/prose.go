package promotion

import (
	"regexp"
	"strings"

	"github.com/org/platform/internal/report"
)

// A word is harmless where nothing in it has a meaning in Markdown or to GitHub: no mark-up, no address, nobody mentioned, no issue or commit named.
var (
	harmlessWord = regexp.MustCompile(`^[\p{L}\p{M}\p{N},.;:()/'"=%+?!…–—‘’“”→-]+$`)
	autolinks    = regexp.MustCompile(`(?i)://|www\.|\bgh-[0-9]|\b[0-9a-f]{7,}\b|xmpp:|mailto:|:[a-z0-9_+-]+:`)
	plainName    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9 .-]*[A-Za-z0-9])?$`)
	blockStart   = regexp.MustCompile(`^(?:[-+=:]|[0-9]+[.)])`) // a list, or a line below a heading
)

// onOneLine returns plain text on one line.
func onOneLine(s string) string { return strings.Join(strings.Fields(report.Plain(s)), " ") }

// prose returns what others wrote for one line of Markdown, also in a table, of at most limit bytes before it is escaped: each word as it is
// where it is harmless, else as code.
func prose(s string, limit int) string {
	words := strings.Fields(report.Shorten(onOneLine(s), limit))
	for i, w := range words {
		switch {
		case w == "&":
			words[i] = "&amp;"
		case !harmlessWord.MatchString(w), autolinks.MatchString(w), i == 0 && blockStart.MatchString(w):
			words[i] = codeWord(w)
		}
	}
	return strings.Join(words, " ")
}

// codeWord returns a word as code, without the brackets and stops around it. A bracket that the word opens and closes belongs to it.
func codeWord(w string) string {
	inner := strings.TrimRight(w, ",.;!?")
	stops := w[len(inner):]
	if strings.HasPrefix(inner, "(") && len(inner) > 1 {
		if closed := strings.TrimSuffix(inner, ")"); len(closed) > 1 && (closed != inner || !strings.Contains(inner, ")")) {
			return "(" + codeWord(closed[1:]) + inner[len(closed):] + stops
		}
	}
	if rest := strings.TrimSuffix(inner, ")"); rest != inner && rest != "" && !strings.Contains(rest, "(") {
		inner, stops = rest, ")"+stops
	}
	if inner == "" {
		return report.Code(w)
	}
	return report.Code(inner) + stops
}

// codeOf returns a name as code, of at most limit bytes before it is escaped.
func codeOf(s string, limit int) string { return report.Code(report.Shorten(onOneLine(s), limit)) }

var (
	webAddress = regexp.MustCompile(`^https?://[A-Za-z0-9.:_~/-]{1,300}$`)
	commitHash = regexp.MustCompile(`^[0-9a-f]{7,64}$`)
)

// address returns the address of a page as it may stand in a link, "" where there is none.
func address(url string) string {
	if !webAddress.MatchString(url) {
		return ""
	}
	return strings.TrimRight(url, "/")
}

// commitLink returns text, which is Markdown, as a link to a commit where that can be told.
func commitLink(web, hash, text string) string {
	web = address(web)
	if web == "" || text == "" || !commitHash.MatchString(hash) {
		return text
	}
	return "[" + text + "](" + web + "/commit/" + hash + ")"
}
