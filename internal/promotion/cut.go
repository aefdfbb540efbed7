package promotion

import (
	"slices"
	"strings"
)

// cutMarkdown returns the start of Markdown whose blocks begin and end on lines of their own, of at most limit bytes. It cuts between blocks, and where the
// first code block is too long for that, between two of its lines. Code blocks and <details> that are open there are closed.
func cutMarkdown(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	c := cutter{}
	safe, inside := "", ""
	blocks := 0 // code blocks in safe
	written := 0
	for line := range strings.Lines(text) {
		wasOpen := c.fence != ""
		c.take(strings.TrimRight(line, "\r\n"))
		written += len(line)
		tail := c.tail()
		if written+len("\n")+len(tail) > limit {
			break
		}
		switch {
		case c.fence == "" && (wasOpen || strings.TrimSpace(line) == ""):
			safe = closed(text[:written], tail)
			if wasOpen {
				blocks++
			}
		case c.fence != "" && wasOpen:
			inside = closed(text[:written], tail)
		}
	}
	if blocks == 0 && inside != "" {
		return inside
	}
	return safe
}

func closed(text, tail string) string { return strings.TrimRight(text, "\n") + "\n" + tail }

// cutter knows what is open at the end of the lines it took.
type cutter struct {
	fence   string // backticks that end the open code block
	details int
}

func (c *cutter) take(line string) {
	ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
	switch {
	case c.fence != "":
		if len(ticks) >= len(c.fence) && strings.TrimSpace(line[len(ticks):]) == "" {
			c.fence = ""
		}
	case len(ticks) >= 3 && !strings.Contains(line[len(ticks):], "`"):
		c.fence = ticks
	case strings.HasPrefix(line, "<details"):
		c.details++
	case strings.HasPrefix(line, "</details>"):
		c.details = max(0, c.details-1)
	}
}

// tail closes what is open.
func (c *cutter) tail() string {
	tail := ""
	if c.fence != "" {
		tail = c.fence + "\n"
	}
	return tail + strings.Repeat("\n</details>\n", c.details)
}

// share deals out bytes to texts of which none needs more than its size: what short ones leave is for the long ones.
func share(total int, sizes []int) []int {
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return sizes[a] - sizes[b] })
	shares := make([]int, len(sizes))
	for n, i := range order {
		shares[i] = max(0, min(sizes[i], total/(len(sizes)-n)))
		total -= shares[i]
	}
	return shares
}
