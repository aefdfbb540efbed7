package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

// The formats of -o which every command has.
const (
	FormatTable = "table"
	FormatJSON  = "json"
)

// OutputFlag adds -o table|json to a command, and what else it can write.
func OutputFlag(cmd *cobra.Command, format *string, more ...string) {
	*format = FormatTable
	formats := append([]string{FormatTable, FormatJSON}, more...)
	last := len(formats) - 1
	cmd.Flags().VarP(&formatValue{format, formats}, "output", "o", "output format: "+strings.Join(formats[:last], ", ")+" or "+formats[last])
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

type formatValue struct {
	format  *string
	formats []string
}

func (f *formatValue) String() string {
	if f.format == nil {
		return FormatTable
	}
	return *f.format
}

func (f *formatValue) Set(s string) error {
	if !slices.Contains(f.formats, s) {
		return fmt.Errorf("must be one of %s", strings.Join(f.formats, ", "))
	}
	*f.format = s
	return nil
}

func (f *formatValue) Type() string { return "format" }

// PrintJSON writes v for machines.
func (a *App) PrintJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// PrintTable writes aligned columns without borders. Cells may be coloured with the App's colour methods.
func (a *App) PrintTable(header []string, rows [][]string) {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	t.AppendHeader(toRow(header))
	for _, r := range rows {
		t.AppendRow(toRow(r))
	}
	for _, line := range strings.Split(t.Render(), "\n") {
		fmt.Fprintln(a.Out, strings.TrimRight(line, " "))
	}
}

var oneLine = strings.NewReplacer("\r", " ", "\n", "; ")

func toRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = oneLine.Replace(c) // a cell may quote what others wrote
	}
	return row
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
	bold   = "1"
)

// Red colours what failed, when Out is a terminal.
func (a *App) Red(s string) string { return a.paint(a.Color, red, s) }

// Green colours what was done.
func (a *App) Green(s string) string { return a.paint(a.Color, green, s) }

// Yellow colours what waits for somebody.
func (a *App) Yellow(s string) string { return a.paint(a.Color, yellow, s) }

// Dim sets back what matters less.
func (a *App) Dim(s string) string { return a.paint(a.Color, dim, s) }

// Bold sets off headings and names.
func (a *App) Bold(s string) string { return a.paint(a.Color, bold, s) }

func (a *App) paint(on bool, code, s string) string {
	if !on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Notice says on Err what a person should know though the command succeeds. In a workflow it is a notice of the run.
func (a *App) Notice(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if a.Runner.Active() {
		a.Runner.Notice(message)
		return
	}
	fmt.Fprintln(a.Err, a.Runner.Inert("note: "+message))
}

// Progress says on Err what long work is doing. In CI it stays quiet: the log has its own order.
func (a *App) Progress(format string, args ...any) {
	if a.Live {
		fmt.Fprintln(a.Err, a.paint(true, dim, fmt.Sprintf(format, args...)))
	}
}
