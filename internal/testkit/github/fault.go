package github

import "net/http"

// Fault is what goes wrong with a request.
type Fault int

// The faults.
const (
	None        Fault = iota
	ServerError       // 502, and nothing is done
	RateLimited       // 403 of a secondary limit, with Retry-After
	TooMany           // 429 with Retry-After
	CutBefore         // the connection ends, and nothing is done
	CutAfter          // the work is done, and the connection ends without an answer
	Hang              // nothing is done, and no answer comes until the client gives up
)

// Faults are all that there are.
var Faults = []Fault{ServerError, RateLimited, TooMany, CutBefore, CutAfter, Hang}

// Fault has a function choose what goes wrong. It is called for every request, those for Git too, with how many there were since Fault was called. It must
// not call the server. A nil function ends the faults.
func (s *Server) Fault(choose func(r *http.Request, n int) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.faultable = choose, 0
}

func (s *Server) faultOf(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return None
	}
	s.faultable++
	return s.fault(r, s.faultable-1)
}

func (f Fault) answer(w http.ResponseWriter, r *http.Request) {
	const limits = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	switch f {
	case ServerError:
		http.Error(w, "<html>Unicorn!</html>", http.StatusBadGateway)
	case RateLimited:
		w.Header().Set("Retry-After", "1")
		write(w, http.StatusForbidden, refusal{Message: "You have exceeded a secondary rate limit.", Documentation: limits})
	case TooMany:
		w.Header().Set("Retry-After", "1")
		write(w, http.StatusTooManyRequests, refusal{Message: "You have exceeded a secondary rate limit.", Documentation: limits})
	case Hang:
		<-r.Context().Done()
	}
	if f == CutBefore || f == Hang {
		panic(http.ErrAbortHandler)
	}
}

// Lag has lists of pull requests show what there was some writes ago. A write is a request that changes something, or what a person does.
func (s *Server) Lag(writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = writes
}

// maxPast is how many states are remembered.
const maxPast = 64

// wrote remembers the state after a write.
func (s *Server) wrote() {
	now := make([]PullRequest, len(s.pulls))
	for i, p := range s.pulls {
		now[i] = p.clone()
	}
	s.past = append(s.past, now)
	if len(s.past) > maxPast {
		s.past = s.past[1:]
	}
}

// listed are the pull requests that a list shows.
func (s *Server) listed() []PullRequest {
	return s.past[max(0, len(s.past)-1-s.lag)]
}
