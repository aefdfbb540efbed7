package runner

import (
	"fmt"
	"os"
)

// Event returns the name of the event that started this workflow and its payload, a JSON document. Both are empty outside of workflows and
// where the runner keeps no payload.
func (r *Runner) Event() (name string, payload []byte, err error) {
	if !r.active {
		return "", nil, nil
	}
	name = r.action.Getenv("GITHUB_EVENT_NAME")
	file := r.action.Getenv("GITHUB_EVENT_PATH")
	if file == "" {
		return name, nil, nil
	}
	if payload, err = os.ReadFile(file); err != nil {
		return name, nil, fmt.Errorf("read the payload of event %s: %w", name, err)
	}
	return name, payload, nil
}
