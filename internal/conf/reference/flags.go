package reference

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"
)

// Flags returns tables of a program's flags: those of all its commands, and
// those of each command.
func Flags(m *kingpin.ApplicationModel) string {
	var b strings.Builder
	flagTable(&b, "all commands", m.FlagGroupModel)
	for _, c := range m.Commands {
		name := c.Name
		if c.Default {
			name += ", the default"
		}
		var args []string
		for _, a := range c.Args {
			args = append(args, a.Name)
		}
		if c.Name == "help" {
			continue
		}
		flagTable(&b, strings.TrimSpace("`"+c.Name+"` "+strings.Join(args, " "))+strings.TrimPrefix(name, c.Name), c.FlagGroupModel)
	}
	return b.String()
}

func flagTable(b *strings.Builder, title string, g *kingpin.FlagGroupModel) {
	var rows strings.Builder
	for _, f := range g.Flags {
		if f.Hidden || strings.HasPrefix(f.Name, "completion") || strings.HasPrefix(f.Name, "help-") {
			continue
		}
		standard := "`" + strings.Join(f.Default, "`, `") + "`"
		switch {
		case f.Required:
			standard = "required"
		case f.IsBoolFlag():
			standard = "off"
		case len(f.Default) == 0:
			standard = ""
		}
		fmt.Fprintf(&rows, "| `--%s` | %s | %s |\n", f.Name, standard, cell(f.Help))
	}
	if rows.Len() > 0 {
		fmt.Fprintf(b, "**%s**\n\n| flag | default | meaning |\n| --- | --- | --- |\n%s\n", title, &rows)
	}
}
