// Command policy-check is the binary of the action policy-check.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/policycheck"
)

func main() { os.Exit(app.Main(policycheck.New)) }
