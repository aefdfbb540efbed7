package promotion

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/release"
)

// components is the table of a set.
func (w *page) components() {
	w.printf("\n| Component | %s runs | this brings | commits |\n| --- | --- | --- | --- |\n", cell(prose(w.Unit.Environment, w.name)))
	for i, s := range w.Unit.Steps {
		if i == w.rows {
			w.printf("| … and %d more | | | |\n", len(w.Unit.Steps)-i)
			break
		}
		commits := ""
		if d := w.detail(i); d.Known && s.Running != nil {
			commits = fmt.Sprint(len(d.Commits))
		}
		w.printf("| %s | %s | %s | %s |\n", w.code(s.Component), w.release(s.Running), w.release(&s.Release), commits)
	}
}

// cell keeps the head of a table's column from being empty.
func cell(s string) string {
	if s == "" {
		return "it"
	}
	return s
}

// sections are those of a set's components.
func (w *page) sections() {
	for i, s := range w.Unit.Steps {
		if i == w.extent.sections {
			w.printf("\n… and %s more; see the changed files.\n", count(len(w.Unit.Steps)-i, "component"))
			return
		}
		w.printf("\n### %s\n", w.code(s.Component))
		w.travel(s)
		w.fromTo(s)
		w.contents(i)
	}
}

// travel draws the environments in the order releases travel: ✓ where the release runs, else what does.
func (w *page) travel(s Step) {
	var parts []string
	for i, env := range w.Chain {
		if i == w.rows {
			parts = append(parts, fmt.Sprintf("%d more", len(w.Chain)-i))
			break
		}
		name := prose(env, w.name)
		if env == s.Environment {
			name = w.bold(env)
		}
		parts = append(parts, strings.TrimSpace(name+" "+w.runs(env, s)))
	}
	if len(parts) > 0 {
		w.printf("\n%s\n", strings.Join(parts, " ▸ "))
	}
	if len(s.Behind) > 0 {
		var ids []string
		for i, id := range s.Behind {
			if i == w.rows {
				ids = append(ids, fmt.Sprintf("%d more", len(s.Behind)-i))
				break
			}
			ids = append(ids, w.code(string(id)))
		}
		w.printf("\nNext in the queue: %s.\n", strings.Join(ids, ", "))
	}
}

// runs says what an environment runs of a step's component.
func (w *page) runs(env string, s Step) string {
	if w.Runs == nil {
		return ""
	}
	switch id := w.Runs(env, s.Component); id {
	case "":
		return "–"
	case s.Release.ID:
		return "✓"
	default:
		return w.code(string(id))
	}
}

// fromTo is the table of what is replaced by what.
func (w *page) fromTo(s Step) {
	w.printf("\n| | %s runs | this brings |\n| --- | --- | --- |\n", cell(prose(s.Environment, w.name)))
	w.printf("| Release | %s | %s |\n", w.release(s.Running), w.release(&s.Release))
	var before []release.Image
	from := "–"
	if s.Running != nil {
		before, from = s.Running.Images, w.commit(s.Running.Source.Commit)
	}
	to := w.commit(s.Release.Source.Commit)
	if path := s.Release.Source.Path; path != "" {
		to += " in " + w.code(path)
	}
	w.printf("| Source | %s | %s |\n", from, to)
	for i, name := range imageNames(before, s.Release.Images) {
		if i == w.rows {
			w.printf("| … and more images | | |\n")
			break
		}
		old, now := digestOf(before, name), digestOf(s.Release.Images, name)
		arrives := w.digest(now)
		if old == now {
			arrives = "unchanged"
		}
		w.printf("| Image %s | %s | %s |\n", w.code(name), w.digest(old), arrives)
	}
	w.references(s.Release.Images)
}

// references are the images by full digest, to copy.
func (w *page) references(images []release.Image) {
	if len(images) == 0 {
		return
	}
	w.printf("\n<details><summary>Images by digest</summary>\n\n")
	for i, image := range images {
		if i == w.rows {
			w.printf("- … and %d more\n", len(images)-i)
			break
		}
		w.printf("- %s\n", codeOf(image.Reference(), w.name+2*w.text))
	}
	w.printf("\n</details>\n")
}

// imageNames returns the names of both, each once, those that go last.
func imageNames(before, after []release.Image) []string {
	var names []string
	for _, i := range slices.Concat(after, before) {
		if !slices.Contains(names, i.Name) {
			names = append(names, i.Name)
		}
	}
	return names
}

func digestOf(images []release.Image, name string) string {
	for _, i := range images {
		if i.Name == name {
			return i.Digest
		}
	}
	return ""
}

// digest writes the start of a digest, which is enough to compare by eye.
func (w *page) digest(digest string) string {
	const shown = len("sha256:") + 12
	if digest == "" {
		return "–"
	}
	return w.code(string([]rune(digest)[:min(shown, len([]rune(digest)))]))
}

// release writes the id of a release, as a link to its source commit.
func (w *page) release(r *release.Record) string {
	if r == nil {
		return "–"
	}
	return commitLink(w.Web, r.Source.Commit, w.code(string(r.ID)))
}

// commit writes a commit as a link.
func (w *page) commit(hash string) string {
	return commitLink(w.Web, hash, w.code(fmt.Sprintf("%.12s", hash)))
}
