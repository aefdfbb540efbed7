package diff

import (
	"fmt"
	"slices"
	"strings"
)

// because names what made several components change.
type because struct {
	file   string // the changed file that all of them read, "" where there is none
	others int    // more files that all of them read
}

// reason finds the changed files which everything that renders otherwise has read.
func reason(changes []EnvironmentChange) because {
	var common []string
	first := true
	for _, c := range changes {
		if c.Source != Overlay || c.gravity() == 2 {
			continue
		}
		if first {
			common, first = slices.Clone(c.files), false
			continue
		}
		common = slices.DeleteFunc(common, func(file string) bool { return !slices.Contains(c.files, file) })
	}
	if len(common) == 0 {
		return because{}
	}
	slices.Sort(common)
	common = slices.Compact(common)
	return because{common[0], len(common) - 1}
}

const nothing = "No rendered output changes."

// blast says in a line how far the change reaches; quote marks what others wrote.
func (r *Report) blast(quote func(string) string) string {
	var sentences []string
	for _, s := range []struct {
		effect Effect
		text   string
	}{{Breaks, "This breaks the render of"}, {Runs, "This changes what runs in"}, {Renders, "This reaches"}} {
		reach := slices.DeleteFunc(slices.Clone(r.Reach), func(a Reach) bool { return a.Effect != s.effect })
		if len(reach) == 0 {
			continue
		}
		sentence := s.text + " " + places(reach, quote)
		if s.effect == Renders && r.because.file != "" && several(reach) {
			sentence += ": " + r.because.text(quote)
		}
		sentences = append(sentences, sentence+".")
	}
	if len(sentences) == 0 {
		return nothing
	}
	return strings.Join(sentences, " ")
}

func (b because) text(quote func(string) string) string {
	file := quote(shorten(b.file, maxName))
	switch b.others {
	case 0:
		return file + " is read by all of them"
	case 1:
		return file + " and another changed file are read by all of them"
	default:
		return fmt.Sprintf("%s and %d other changed files are read by all of them", file, b.others)
	}
}

// several says whether more than one component is reached.
func several(reach []Reach) bool {
	for _, a := range reach {
		if len(a.Components) > 1 || a.Components[0] != reach[0].Components[0] {
			return true
		}
	}
	return false
}

const (
	maxName         = 120 // characters of a name in a sentence
	maxNamed        = 3   // components that a sentence names rather than counts
	maxEnvironments = 6   // that a sentence names
)

// places says where: "prod, staging and dev of hello", "prod of 12 components, dev of 3".
func places(reach []Reach, quote func(string) string) string {
	same := len(reach[0].Components) <= maxNamed
	for _, a := range reach {
		same = same && slices.Equal(a.Components, reach[0].Components)
	}
	var list []string
	unit := " components" // said once
	for i, a := range reach {
		if i == maxEnvironments {
			list = append(list, fmt.Sprintf("%d more environments", len(reach)-i))
			break
		}
		env := quote(shorten(a.Environment, maxName))
		switch {
		case same:
			list = append(list, env)
		case len(a.Components) == 1:
			list = append(list, env+" of "+quote(shorten(a.Components[0], maxName)))
		default:
			list = append(list, fmt.Sprintf("%s of %d%s", env, len(a.Components), unit))
			unit = ""
		}
	}
	if !same {
		return strings.Join(list, ", ")
	}
	return and(list) + " of " + and(quoted(reach[0].Components, quote))
}

func and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
