package main

import (
	"fmt"

	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/internal/cli"
)

func addCheck(app *cli.App) {
	c := app.Command("check-config", "Check configuration files as a start would, and print what each rule does.")
	files := c.Arg("FILE", "Configuration file.").Required().Strings()
	app.Handle(c, func() error { return checkConfig(*files, app.Stdio) })
}

// checkConfig reports the faults of all files, not only of the first.
func checkConfig(files []string, std cli.Stdio) error {
	bad := 0
	for _, file := range files {
		if err := checkFile(file, std); err != nil {
			bad++
			fmt.Fprintln(std.Err, err)
		}
	}
	if bad > 0 {
		return cli.UsageError{Err: fmt.Errorf("%d of %d files refused", bad, len(files))}
	}
	return nil
}

func checkFile(file string, std cli.Stdio) error {
	cfg, err := loadConfig(file, nil)
	if err != nil {
		return err
	}
	rules, err := rule.Compile(cfg.Alerts, cfg.ExternalLabels)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(std.Out, "%s: good\n", file)
	for _, line := range rules.Describe() {
		fmt.Fprintf(std.Out, "  %s\n", line)
	}
	for _, w := range rules.Warnings() {
		fmt.Fprintf(std.Out, "  warning: %s\n", w)
	}
	return nil
}
