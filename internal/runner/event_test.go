package runner_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEvent(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(`{"a": 1}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env           map[string]string
		name, payload string
		fails         bool
	}{
		"in a workflow":     {map[string]string{"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": file}, "push", `{"a": 1}`, false},
		"no payload":        {map[string]string{"GITHUB_EVENT_NAME": "push"}, "push", "", false},
		"payload is gone":   {map[string]string{"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": file + "x"}, "push", "", true},
		"not in a workflow": {map[string]string{"GITHUB_ACTIONS": "no", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": file}, "", "", false},
	} {
		r, _ := inActions(c.env)
		event, payload, err := r.Event()
		if event != c.name || string(payload) != c.payload || (err != nil) != c.fails {
			t.Errorf("%s: got %q, %q, %v", name, event, payload, err)
		}
	}
}
