package testkit

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Fetch is one request for objects, as a client sent it.
type Fetch struct {
	Wants  []string // object ids
	Haves  []string
	Depth  int    // generations of history; 0 is all
	Filter string // such as tree:0
	Sent   int    // bytes of the answer
}

// Traffic remembers the requests that went through its Middleware.
type Traffic struct {
	mu      sync.Mutex
	all     []string
	fetches []Fetch
}

// Middleware stands before Remote.HTTP.
func (m *Traffic) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var fetch Fetch
		isFetch := strings.HasSuffix(r.URL.Path, "/git-upload-pack")
		if isFetch {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			fetch = parseFetch(body)
		}
		counter := &countingWriter{ResponseWriter: w}
		m.mu.Lock()
		m.all = append(m.all, r.Method+" "+r.URL.RequestURI())
		m.mu.Unlock()
		next.ServeHTTP(counter, r)
		if isFetch {
			fetch.Sent = counter.n
			m.mu.Lock()
			m.fetches = append(m.fetches, fetch)
			m.mu.Unlock()
		}
	})
}

// Fetches returns the requests for objects since the last call of Fetches or Requests, in the order in which they were answered.
func (m *Traffic) Fetches() []Fetch {
	m.mu.Lock()
	defer m.mu.Unlock()
	fetches := m.fetches
	m.all, m.fetches = nil, nil
	return fetches
}

// Requests returns "METHOD /path?query" of every request since the last call of Fetches or Requests, in the order of arrival.
func (m *Traffic) Requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.all
	m.all, m.fetches = nil, nil
	return all
}

func parseFetch(body []byte) (f Fetch) {
	for _, line := range pktLines(body) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		id, _, _ := strings.Cut(rest, " ")
		switch word {
		case "want":
			f.Wants = append(f.Wants, id)
		case "have":
			f.Haves = append(f.Haves, id)
		case "deepen":
			f.Depth, _ = strconv.Atoi(id)
		case "filter":
			f.Filter = id
		}
	}
	return f
}

// pktLines splits what Git's protocols send into its lines, "" for a flush.
func pktLines(data []byte) (lines []string) {
	for len(data) >= 4 {
		n, err := strconv.ParseUint(string(data[:4]), 16, 16)
		switch {
		case err != nil || int(n) > len(data) || (n > 0 && n < 4):
			return lines
		case n == 0:
			lines, data = append(lines, ""), data[4:]
		default:
			lines, data = append(lines, string(data[4:n])), data[n:]
		}
	}
	return lines
}

type countingWriter struct {
	http.ResponseWriter
	n int
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.n += n
	return n, err
}

func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Without is middleware that takes capabilities out of what a remote says it can do, as if it were older. A name stands for all its values.
func Without(names ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/info/refs") {
				next.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.WriteHeader(answer.Code)
			for _, line := range pktLines(answer.Body.Bytes()) {
				if line == "" {
					_, _ = io.WriteString(w, "0000")
					continue
				}
				if ref, offers, first := strings.Cut(line, "\x00"); first {
					kept := slices.DeleteFunc(strings.Fields(offers), func(offer string) bool {
						name, _, _ := strings.Cut(offer, "=")
						return slices.Contains(names, name)
					})
					line = ref + "\x00" + strings.Join(kept, " ") + "\n"
				}
				_, _ = io.WriteString(w, pktLine(line))
			}
		})
	}
}

func pktLine(line string) string {
	const digits = "0123456789abcdef"
	n := len(line) + 4
	return string([]byte{digits[n>>12&15], digits[n>>8&15], digits[n>>4&15], digits[n&15]}) + line
}
