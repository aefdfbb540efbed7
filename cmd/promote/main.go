// Command promote is the binary of the action promote.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/promote"
)

func main() { os.Exit(app.Main(promote.New)) }
