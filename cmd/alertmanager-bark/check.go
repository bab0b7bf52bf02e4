package main

import (
	"fmt"
	"strings"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/internal/cli"
)

func addCheck(app *cli.App) {
	app.AddCheck("Check configuration files as a start would: keys are read and templates tried on samples.", checkFile)
}

func checkFile(file string) ([]string, error) {
	c, _, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	return describe(c), nil
}

func describe(c *config.Config) []string {
	lines := []string{"pushes through " + c.Bark.ServerURL}
	for _, r := range c.Receivers {
		line := fmt.Sprintf("receiver %s: %s", r.Name, strings.Join(deviceNames(r), ", "))
		if r.Server != "" {
			line += "; through " + c.Bark.Servers[r.Server].ServerURL
		}
		if f := r.Fallback; f != nil {
			line += fmt.Sprintf("; fallback: %s after %s", f.Receiver, f.After)
		}
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
