// Command diff is the binary of the action diff.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/diff"
)

func main() { os.Exit(app.Main(diff.New)) }
