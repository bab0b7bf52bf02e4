package main

import (
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubebark/kubebark/alertbridge/rule"
)

func addCheck(app *kingpin.Application, commands map[string]func() error, std stdio) {
	c := app.Command("check-config", "Check configuration files as a start would, and print what each rule does.")
	files := c.Arg("FILE", "Configuration file.").Required().Strings()
	commands["check-config"] = func() error { return checkConfig(*files, std) }
}

// checkConfig reports the faults of all files, not only of the first.
func checkConfig(files []string, std stdio) error {
	bad := 0
	for _, file := range files {
		if err := checkFile(file, std); err != nil {
			bad++
			fmt.Fprintln(std.err, err)
		}
	}
	if bad > 0 {
		return usageError{fmt.Errorf("%d of %d files refused", bad, len(files))}
	}
	return nil
}

func checkFile(file string, std stdio) error {
	cfg, err := loadConfig(file, nil)
	if err != nil {
		return err
	}
	rules, err := rule.Compile(cfg.Alerts, cfg.ExternalLabels)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(std.out, "%s: good\n", file)
	for _, line := range rules.Describe() {
		fmt.Fprintf(std.out, "  %s\n", line)
	}
	for _, w := range rules.Warnings() {
		fmt.Fprintf(std.out, "  warning: %s\n", w)
	}
	return nil
}
