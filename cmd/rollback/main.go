// Command rollback is the binary of the action rollback.
package main

import (
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/rollback"
)

func main() { os.Exit(app.Main(rollback.NewAction)) }
