package github

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// Comment is a comment on a pull request.
type Comment struct {
	ID               int64
	Author, Body     string
	Created, Updated time.Time
}

// Comments returns the comments on a pull request, the oldest first.
func (s *Server) Comments(number int) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.comments[number])
}

func (s *Server) addComment(number int, login, body string) Comment {
	comment := Comment{s.nextID(), login, body, s.o.Now(), s.o.Now()}
	s.comments[number] = append(s.comments[number], comment)
	return comment
}

// comment finds a comment by its id.
func (s *Server) comment(id int64) (number, index int, found bool) {
	for number, list := range s.comments {
		for i, comment := range list {
			if comment.ID == id {
				return number, i, true
			}
		}
	}
	return 0, 0, false
}

func (s *Server) listComments(c *call) answer {
	number := c.number("issue_number")
	if s.pull(number) == nil {
		return notFound()
	}
	return ok(each(page(c, s.comments[number]), func(comment Comment) object { return s.commentJSON(number, comment) }))
}

func sentBody(c *call) string {
	var sent struct{ Body string }
	_ = json.Unmarshal(c.body, &sent)
	return sent.Body
}

func (s *Server) createComment(c *call) answer {
	number := c.number("issue_number")
	if s.pull(number) == nil {
		return notFound()
	}
	if sentBody(c) == "" {
		return invalid(detail{Resource: "IssueComment", Field: "body", Code: "missing_field"})
	}
	return answer{http.StatusCreated, s.commentJSON(number, s.addComment(number, c.login, sentBody(c)))}
}

func (s *Server) updateComment(c *call) answer {
	number, i, found := s.comment(int64(c.number("comment_id")))
	if !found {
		return notFound()
	}
	comment := &s.comments[number][i]
	comment.Body, comment.Updated = sentBody(c), s.o.Now()
	return ok(s.commentJSON(number, *comment))
}

func (s *Server) deleteComment(c *call) answer {
	number, i, found := s.comment(int64(c.number("comment_id")))
	if !found {
		return notFound()
	}
	s.comments[number] = slices.Delete(s.comments[number], i, i+1)
	return answer{http.StatusNoContent, nil}
}

func (s *Server) addLabels(c *call) answer {
	p := s.pull(c.number("issue_number"))
	if p == nil {
		return notFound()
	}
	var names []string
	if json.Unmarshal(c.body, &names) != nil {
		var sent struct{ Labels []string }
		_ = json.Unmarshal(c.body, &sent)
		names = sent.Labels
	}
	for _, name := range names {
		s.addLabel(p, c.login, name)
	}
	return ok(each(p.Labels, s.labelJSON))
}

func (s *Server) deleteLabel(c *call) answer {
	p := s.pull(c.number("issue_number"))
	if p == nil {
		return notFound()
	}
	if !s.removeLabel(p, c.login, c.vars["name"]) {
		return no(http.StatusNotFound, "Label does not exist")
	}
	return ok(each(p.Labels, s.labelJSON))
}

func (s *Server) listEvents(c *call) answer {
	number := c.number("issue_number")
	if s.pull(number) == nil {
		return notFound()
	}
	return ok(each(page(c, s.events[number]), s.eventJSON))
}
