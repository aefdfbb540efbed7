package delivery

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// What can happen to a cell.
const (
	ActionDeploy      = actionDeploy
	ActionPromote     = actionPromote
	ActionPassThrough = actionPassThrough
	ActionRollback    = actionRollback
	ActionHold        = actionHold
	ActionResume      = actionResume
	ActionEdit        = "hand edit" // its files are not what the toolkit writes
	ActionMend        = "restored"  // an edit by hand was undone
	ActionRemoved     = "removed"
)

// Move is one change of what a cell runs, or of what is held out of it. What moved is what the trees say; who moved it is what the commits say.
type Move struct {
	When time.Time `json:"when"` // it came to the state branch
	state.Key
	Action       string      `json:"action"`
	From         release.ID  `json:"from,omitempty"`         // what ran before
	To           release.ID  `json:"to,omitempty"`           // what runs then
	PromotedFrom string      `json:"promotedFrom,omitempty"` // upstream environment
	Source       string      `json:"source,omitempty"`       // commit that To was made from
	By           string      `json:"by"`                     // who asked for it, else who made the commit
	MergedBy     string      `json:"mergedBy,omitempty"`     // where it is somebody else
	Gates        []string    `json:"gates,omitempty"`        // that it had to pass
	BreakGlass   string      `json:"breakGlass,omitempty"`   // who skipped them
	Hold         *state.Hold `json:"hold,omitempty"`         // that came or went, where nothing else did
	Commit       string      `json:"commit"`
	PullRequest  int         `json:"pullRequest,omitempty"`
	Run          string      `json:"run,omitempty"` // workflow run
}

// version is the folder of a cell at some time. The zero version is none.
type version struct {
	entry  git.Hash
	record release.Record // as far as it can be read
	sound  bool           // the toolkit wrote it
}

// versionAt reads a version of a component's cell by its object id.
func (d *Delivery) versionAt(entry git.Hash, component string) (version, error) {
	if entry == git.ZeroHash {
		return version{}, nil
	}
	record, err := state.ReadFolder(d.Repo.Tree(entry), component)
	var problems finding.Problems
	if err != nil && !errors.As(err, &problems) {
		return version{}, err
	}
	return version{entry, record, err == nil}, nil
}

// passage is how a version came to the state branch: with a commit of it, which may have merged the one that made it.
type passage struct {
	landed, made *git.Commit // made is nil where nothing was merged
	when         time.Time   // landed came
}

// passageOf returns the passage of what came with a commit of the first-parent line of the state branch.
func (d *Delivery) passageOf(landed *git.Commit, when time.Time) (p passage, err error) {
	p = passage{landed: landed, when: when}
	if len(landed.Parents) > 1 {
		p.made, err = d.Repo.Commit(landed.Parents[1])
	}
	return p, err
}

// move tells what happened between two versions of a cell.
func move(k state.Key, before, after version, hold *state.Hold, p passage) Move {
	m := Move{Key: k, From: before.record.ID, To: after.record.ID}
	said := p.tell(&m)
	if after.sound {
		m.PromotedFrom, m.Source, m.Gates = after.record.From, after.record.Source.Commit, after.record.Gates
		if after.record.BreakGlass != nil {
			m.BreakGlass = after.record.BreakGlass.By
		}
	}
	back := before.record.ID != "" && before.record.ID != after.record.ID && hold.Names(before.record.ID) && !hold.Names(after.record.ID)
	switch {
	case after.entry == git.ZeroHash:
		m.Action = ActionRemoved
	case !after.sound:
		m.Action = ActionEdit
	case !before.sound && before.record.ID == after.record.ID:
		m.Action = ActionMend
	case back, said == actionRollback && !before.sound: // a message alone says what its author likes
		m.Action = actionRollback
	case after.record.From == "":
		m.Action = actionDeploy
	case before.sound && before.record.Manifests == after.record.Manifests:
		m.Action = actionPassThrough
	default:
		m.Action = actionPromote
	}
	return m
}

// tell notes who brought something and when, and returns the action that the commit names, if it is about the cell.
func (p passage) tell(m *Move) (action string) {
	m.When, m.Commit, m.PullRequest = p.when.UTC(), p.landed.Hash.String(), pullRequest(p.landed.Subject())
	said := trailersOf(p.landed.Message)
	if p.made != nil && !said.about(m.Key) {
		said = trailersOf(p.made.Message)
	}
	author := p.landed.Author.Name
	if !said.about(m.Key) {
		if p.made != nil && p.made.Author.Name != author {
			m.By, m.MergedBy = p.made.Author.Name, author
			return ""
		}
		m.By = author
		return ""
	}
	m.By, m.Run = author, said.first("Platform-Run")
	if by := said.first("Platform-By"); by != "" {
		m.By = by
		if p.made != nil && author != by {
			m.MergedBy = author
		}
	}
	return said.first("Platform-Action")
}

var pullRequestSubject = regexp.MustCompile(`^Merge pull request #([0-9]{1,9}) |\(#([0-9]{1,9})\)$`)

// pullRequest returns the number that GitHub puts into the subject of a merged or squashed pull request, else 0.
func pullRequest(subject string) int {
	match := pullRequestSubject.FindStringSubmatch(strings.TrimSpace(subject))
	if match == nil {
		return 0
	}
	number, _ := strconv.Atoi(match[1] + match[2])
	return number
}

// trailers are the lines of a commit message that the toolkit writes for machines.
type trailers map[string][]string

// trailersOf finds them also where a forge put more below when it squashed. What people wrote stands above them, and counts for nothing.
func trailersOf(message string) trailers {
	paragraphs := strings.Split(strings.ReplaceAll(message, "\r\n", "\n"), "\n\n")
	for _, paragraph := range slices.Backward(paragraphs[1:]) {
		if !strings.HasPrefix(paragraph, "Platform-Action: ") && !strings.Contains(paragraph, "\nPlatform-Action: ") {
			continue
		}
		found := trailers{}
		for line := range strings.Lines(paragraph) {
			if key, value, ok := strings.Cut(line, ":"); ok {
				found[key] = append(found[key], strings.TrimSpace(value))
			}
		}
		return found
	}
	return nil
}

func (t trailers) first(key string) string {
	if len(t[key]) == 0 {
		return ""
	}
	return t[key][0]
}

// about says whether a commit names a cell as one that it changes.
func (t trailers) about(k state.Key) bool {
	return slices.Contains(t["Platform-Environment"], k.Environment) && slices.Contains(t["Platform-Component"], k.Component)
}
