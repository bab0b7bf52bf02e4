package main

import (
	"fmt"

	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/internal/cli"
)

func addCheck(app *cli.App) {
	app.AddCheck("Check configuration files as a start would, and print what each rule does.", checkFile)
}

func checkFile(file string) ([]string, error) {
	cfg, err := loadConfig(file, nil)
	if err != nil {
		return nil, err
	}
	rules, err := rule.Compile(cfg.Alerts, cfg.ExternalLabels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	lines := rules.Describe()
	for _, w := range rules.Warnings() {
		lines = append(lines, "warning: "+w)
	}
	return lines, nil
}
