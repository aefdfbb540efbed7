// Command build is the binary of the action build.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/build"
)

func main() { os.Exit(app.Main(build.New)) }
