package actions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tables of a README are made from action.yml.
func TestReadmeTables(t *testing.T) {
	t.Parallel()
	for _, want := range actions {
		t.Run(want.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(root, "actions", want.name, "README.md")
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := loadAction(t, want.name)
			got := string(content)
			made := section(t, section(t, got, "Inputs", inputTable(a)), "Outputs", outputTable(a))
			if *update {
				if err := os.WriteFile(file, []byte(made), 0o644); err != nil {
					t.Fatal(err)
				}
				got = made
			}
			if diff := cmp.Diff(made, got); diff != "" {
				t.Errorf("the tables are old: run go test ./test/actions -update (-made +README.md):\n%s", diff)
			}
		})
	}
}

// section replaces what is below a heading, up to the next one.
func section(t *testing.T, text, heading, body string) string {
	t.Helper()
	before, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	_, after, more := strings.Cut(rest, "\n## ")
	if !found || !more {
		t.Fatalf("no section %q with another one after it", heading)
	}
	return before + "\n## " + heading + "\n" + body + "\n## " + after
}

func inputTable(a action) string {
	var b strings.Builder
	b.WriteString("| input | default | meaning |\n| --- | --- | --- |\n")
	for _, in := range a.Inputs {
		def := ""
		switch {
		case in.value.Required:
			def = "required"
		case in.value.Default != "":
			def = "`" + in.value.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", in.name, def, cell(in.value.Description))
	}
	return b.String()
}

func outputTable(a action) string {
	var b strings.Builder
	b.WriteString("| output | meaning |\n| --- | --- |\n")
	for _, out := range a.Outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", out.name, cell(out.value.Description))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
