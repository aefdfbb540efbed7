// Command deploy is the binary of the action deploy.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/deploy"
)

func main() { os.Exit(app.Main(deploy.New)) }
