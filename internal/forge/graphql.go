package forge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// query asks the GraphQL API, which alone knows drafts, auto-merge and the owner of a job's token.
func (f *Forge) query(ctx context.Context, query string, variables map[string]any, answer any) error {
	question := map[string]any{"query": query}
	if len(variables) > 0 {
		question["variables"] = variables
	}
	request, err := f.client.NewRequest(http.MethodPost, f.graphql, question)
	if err != nil {
		return err
	}
	var envelope struct {
		Data   json.RawMessage
		Errors []struct{ Type, Message string }
	}
	response, err := f.client.Do(ctx, request, &envelope)
	if err != nil {
		return err
	}
	if len(envelope.Errors) > 0 {
		first := envelope.Errors[0]
		return &graphqlError{kind: first.Type, message: first.Message, response: response.Response}
	}
	if err := json.Unmarshal(envelope.Data, answer); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// graphqlError is an error that came with status 200.
type graphqlError struct {
	kind, message string
	response      *http.Response
}

func (e *graphqlError) Error() string {
	if e.kind == "" {
		return e.message
	}
	return e.message + " (" + e.kind + ")"
}

// status is that of the same answer in REST.
func (e *graphqlError) status() int {
	switch e.kind {
	case "FORBIDDEN", "INSUFFICIENT_SCOPES":
		return http.StatusForbidden
	case "NOT_FOUND":
		return http.StatusNotFound
	case "RATE_LIMITED", "RATE_LIMIT":
		return http.StatusTooManyRequests
	case "INTERNAL", "SERVICE_UNAVAILABLE":
		return http.StatusInternalServerError
	case "":
		switch {
		case says(e, "something went wrong"):
			return http.StatusInternalServerError
		case says(e, "rate limit"):
			return http.StatusTooManyRequests
		}
	}
	return http.StatusUnprocessableEntity
}

// pause says how long to wait after the error, and whether it makes sense to try again.
func (e *graphqlError) pause(now time.Time, backoff time.Duration) (pause time.Duration, again bool) {
	switch e.status() {
	case http.StatusTooManyRequests:
		reset, err := strconv.ParseInt(e.response.Header.Get("X-RateLimit-Reset"), 10, 64)
		if err == nil && e.response.Header.Get("X-RateLimit-Remaining") == "0" {
			return max(time.Unix(reset, 0).Sub(now), backoff), true
		}
		return retryAfter(e.response, unsaid), true
	case http.StatusInternalServerError:
		return backoff, true
	}
	return 0, false
}

// says tells whether an error of either API has a text in its message, in whatever case.
func says(err error, text string) bool {
	return err != nil && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(text))
}
