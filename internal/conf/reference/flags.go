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
		if c.Name == "help" {
			continue
		}
		words := []string{"`" + c.Name + "`"}
		for _, a := range c.Args {
			words = append(words, a.Name)
		}
		title := strings.Join(words, " ")
		if c.Default {
			title += ", the default"
		}
		flagTable(&b, title, c.FlagGroupModel)
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
