// Command containerize is the binary of the action containerize.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/containerize"
)

func main() { os.Exit(app.Main(containerize.New)) }
