package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
)

const formatMarkdown = "markdown"

var formats = []string{app.FormatTable, app.FormatJSON, formatMarkdown}

// outputFlag adds -o table|json|markdown.
func outputFlag(cmd *cobra.Command, format *string) {
	*format = app.FormatTable
	cmd.Flags().VarP((*formatValue)(format), "output", "o", "output format: "+strings.Join(formats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

type formatValue string

func (f *formatValue) String() string { return string(*f) }

func (f *formatValue) Set(s string) error {
	if !slices.Contains(formats, s) {
		return fmt.Errorf("must be one of %s", strings.Join(formats, ", "))
	}
	*f = formatValue(s)
	return nil
}

func (f *formatValue) Type() string { return "format" }
