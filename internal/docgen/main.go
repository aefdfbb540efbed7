// Command docgen writes the generated parts of the documentation: the pages of the commands, the JSON Schema of platform.yaml, and what
// stands between markers in Markdown files. With -check it writes nothing and fails where something is out of date.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

func main() { os.Exit(run(os.Args[1:], ".", os.Stderr)) }

func run(args []string, root string, stderr io.Writer) int {
	flags := flag.NewFlagSet("docgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	check := flags.Bool("check", false, "fail where something is out of date, write nothing")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	stale, err := update(root, !*check)
	if err != nil {
		fmt.Fprintln(stderr, "docgen:", err)
		return 3
	}
	if len(stale) == 0 || !*check {
		return 0
	}
	for _, file := range stale {
		fmt.Fprintf(stderr, "%s is out of date; run: make docs\n", file)
	}
	return 1
}

// update returns the files that differ from what is generated, and brings them up to date where write is set.
func update(root string, write bool) ([]string, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	files, err := generate(dir.FS())
	if err != nil {
		return nil, err
	}
	var stale []string
	for name, want := range files {
		have, err := dir.ReadFile(name)
		if err == nil && want != nil && string(have) == string(want) {
			continue
		}
		stale = append(stale, name)
		if !write {
			continue
		}
		if want == nil {
			err = dir.Remove(name)
		} else {
			err = dir.WriteFile(name, want, 0o644)
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(stale)
	return stale, nil
}
