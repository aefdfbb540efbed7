package forge

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v84/github"
)

// access is what a call needs of the token, as advice.
type access string

const (
	pullsRead        access = "give the job `permissions: {pull-requests: read}`"
	pullsWrite       access = "give the job `permissions: {pull-requests: write}`"
	mergeWrite       access = "give the job `permissions: {contents: write, pull-requests: write}`"
	labelsWrite      access = "give the job `permissions: {issues: write, pull-requests: write}`"
	eventsRead       access = "give the job `permissions: {issues: read, pull-requests: read}`"
	checksRead       access = "give the job `permissions: {checks: read, statuses: read}`"
	checksWrite      access = "give the job `permissions: {checks: write}`"
	deploymentsRead  access = "give the job `permissions: {deployments: read}`"
	deploymentsWrite access = "give the job `permissions: {deployments: write}`"
	membersRead      access = "use the token of a GitHub App with the organization permission `members: read`; the token of a job sees no teams"
)

// explainedError says what to do about an answer. It never holds the token.
type explainedError struct {
	message string
	cause   error
}

func (e *explainedError) Error() string { return e.message }
func (e *explainedError) Unwrap() error { return e.cause }

func (f *Forge) explain(err error, needs access) error {
	message := err.Error()
	var response *github.ErrorResponse
	var limited *github.RateLimitError
	var graphql *graphqlError
	switch {
	case errors.As(err, &response):
		message = fmt.Sprintf("%s (%d)", said(response), response.Response.StatusCode) + advice(response.Response.StatusCode, needs)
	case errors.As(err, &limited):
		message = fmt.Sprintf("%s (%d): the limit of requests is spent until %s UTC",
			limited.Message, limited.Response.StatusCode, limited.Rate.Reset.UTC().Format(time.TimeOnly))
	case errors.As(err, &graphql):
		message += advice(graphql.status(), needs)
	}
	return &explainedError{f.redact(message), err}
}

func (f *Forge) redact(s string) string {
	if f.token == "" {
		return s
	}
	return strings.ReplaceAll(s, f.token, "***")
}

// said is a message with its details: GitHub says "Validation Failed" of all and what failed beside it.
func said(r *github.ErrorResponse) string {
	message := r.Message
	for _, detail := range r.Errors {
		switch {
		case detail.Message != "":
			message += ": " + detail.Message
		case detail.Field != "":
			message += fmt.Sprintf(": %s is %s", detail.Field, detail.Code)
		}
	}
	return message
}

func advice(status int, needs access) string {
	switch status {
	case http.StatusUnauthorized:
		return ": the token is not valid (any more)"
	case http.StatusForbidden:
		if strings.Contains(string(needs), "write") {
			return ": the token may not do this; " + string(needs) + ". The token of a pull request from a fork is read-only whatever the workflow says"
		}
		return ": the token may not do this; " + string(needs)
	case http.StatusNotFound:
		return ": it does not exist, or the token may not see it; " + string(needs)
	}
	return ""
}
