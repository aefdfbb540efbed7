// Command platform is every command under one CLI, for a laptop.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command"
)

func main() { os.Exit(app.Main(command.All()...)) }
