package app_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/app"
)

func TestOutputFormat(t *testing.T) {
	t.Parallel()
	for _, format := range []string{app.FormatTable, app.FormatJSON} {
		w, saw := newWorld(nil), &called{}
		if got := app.Run(context.Background(), w.App, []string{"-o", format}, deploy(saw, nil)); got != app.ExitOK || saw.format != format {
			t.Errorf("-o %s: got %d, %q", format, got, saw.format)
		}
	}
	w := newWorld(nil)
	run(w, &called{}, "deploy", "--help")
	if !strings.Contains(w.out.String(), `output format: table or json (default table)`) {
		t.Errorf("help does not show the default:\n%s", &w.out)
	}
}

func TestPrintJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(nil)
	if err := w.PrintJSON(map[string]string{"a": "<b> & c"}); err != nil || w.out.String() != "{\n  \"a\": \"<b> & c\"\n}\n" {
		t.Errorf("got %q, %v", &w.out, err)
	}
}

var escape = regexp.MustCompile("\x1b\\[[0-9]+m")

func TestPrintTable(t *testing.T) {
	t.Parallel()
	const want = `COMPONENT  ENVIRONMENT  RELEASE
hello      dev          r-0123456789ab
größe      staging
x          prod-eu      held
`
	table := func(color bool) string {
		w := newWorld(nil)
		w.Color = color
		w.PrintTable([]string{"component", "environment", "release"}, [][]string{
			{w.Bold("hello"), w.Dim("dev"), w.Green("r-0123456789ab")},
			{"größe", w.Yellow("staging"), w.Red("")},
			{"x", "prod-eu", w.Red("held")},
		})
		return w.out.String()
	}
	if diff := cmp.Diff(want, table(false)); diff != "" {
		t.Errorf("plain: -want +got:\n%s", diff)
	}
	colored := table(true)
	for _, code := range []string{"\x1b[1mhello\x1b[0m", "\x1b[2mdev\x1b[0m", "\x1b[32mr-", "\x1b[33mstaging", "\x1b[31mheld"} {
		if !strings.Contains(colored, code) {
			t.Errorf("no %q in %q", code, colored)
		}
	}
	if diff := cmp.Diff(want, escape.ReplaceAllString(colored, "")); diff != "" {
		t.Errorf("coloured: -want +got:\n%s", diff)
	}
	w := newWorld(nil)
	w.PrintTable([]string{"a", "b"}, nil)
	if w.out.String() != "A  B\n" {
		t.Errorf("got %q", &w.out)
	}
}

func TestProgressAndErrorsAreColouredOnTerminalsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(nil)
	w.Color = true // of Out, which is not where these go
	w.Progress("rendering %d", 3)
	w.Report(os.ErrNotExist)
	if got := w.err.String(); got != "Error: file does not exist\n" {
		t.Errorf("got %q", got)
	}
	w = newWorld(nil)
	w.Live = true
	w.Progress("rendering %d", 3)
	w.Report(os.ErrNotExist)
	if got := w.err.String(); got != "\x1b[2mrendering 3\x1b[0m\n\x1b[31mError:\x1b[0m file does not exist\n" {
		t.Errorf("got %q", got)
	}
}

//nolint:paralleltest // it replaces the process's streams
func TestFromOSKnowsFilesFromTerminals(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	defer func() { os.Stdout, os.Stderr = stdout, stderr }()
	os.Stdout, os.Stderr = file, file
	a := app.FromOS()
	if a.Color || a.Live || a.Dir != "." || a.Out != file || a.Err != file {
		t.Errorf("got %+v", a)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
