package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubebark/kubebark/barkreceiver/config"
)

func addCheck(app *kingpin.Application, commands map[string]func() error, std stdio) {
	c := app.Command("check-config", "Check configuration files as a start would: keys are read and templates tried on samples.")
	files := c.Arg("FILE", "Configuration file.").Required().Strings()
	commands["check-config"] = func() error { return checkConfig(*files, std) }
}

// checkConfig reports the faults of all files, not only of the first.
func checkConfig(files []string, std stdio) error {
	bad := 0
	for _, file := range files {
		c, _, err := config.Load(file)
		if err != nil {
			bad++
			fmt.Fprintln(std.err, err)
			continue
		}
		fmt.Fprintf(std.out, "%s: good\n", file)
		for _, line := range describe(c) {
			fmt.Fprintf(std.out, "  %s\n", line)
		}
	}
	if bad > 0 {
		return usageError{fmt.Errorf("%d of %d files refused", bad, len(files))}
	}
	return nil
}

func describe(c *config.Config) []string {
	lines := []string{"pushes through " + c.Bark.ServerURL}
	for _, r := range c.Receivers {
		line := fmt.Sprintf("receiver %s: %s", r.Name, strings.Join(deviceNames(r), ", "))
		if own := r.Params.Names(); len(own) > 0 {
			line += "; own templates: " + strings.Join(own, ", ")
		}
		line += "; resolved: " + r.ResolvedMode()
		if r.Name == c.DefaultReceiver {
			line += "; for all names that match none, too"
		}
		lines = append(lines, line)
	}
	return lines
}

func deviceNames(r *config.Receiver) []string {
	var names []string
	for _, d := range r.Devices {
		name := d.Name
		if d.Encryption != nil {
			name += " (" + d.Encryption.Algorithm + ")"
		}
		names = append(names, name)
	}
	return names
}
