package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/eventlog"
	"github.com/kubebark/kubebark/exporter/series"
	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/conf"
)

// config is the configuration file: each part has a section.
type config struct {
	// ExternalLabels are put on every alert that has no label of the name.
	ExternalLabels map[string]string `yaml:"external_labels"`
	// Metrics bounds the series.
	Metrics series.Config `yaml:"metrics"`
	// Alerting says where alerts are sent.
	Alerting notify.Config `yaml:"alerting"`
	// Alerts says which alerts there are.
	Alerts rule.Config `yaml:"alerts"`
	// EventLog is about what is written to --event-log.file and sent over OTLP.
	EventLog eventlog.Config `yaml:"event_log"`
}

// loadConfig reads a configuration file; with an empty path it returns the
// defaults. The Alertmanagers of the command line come on top.
func loadConfig(path string, alertmanagers []string) (*config, error) {
	c := &config{
		Metrics:  series.DefaultConfig(),
		Alerting: notify.DefaultConfig(),
		Alerts:   rule.DefaultConfig(),
		EventLog: eventlog.DefaultConfig(),
	}
	if err := conf.Load(path, c); err != nil {
		return nil, cli.UsageError{Err: err}
	}
	c.Alerting.SetDirectory(filepath.Dir(path))
	c.EventLog.OTLP.HTTPClientConfig.SetDirectory(filepath.Dir(path))
	for _, u := range alertmanagers {
		c.Alerting.Alertmanagers = append(c.Alerting.Alertmanagers, notify.NewAlertmanager(u))
	}
	if err := c.Alerting.Validate(); err != nil {
		return nil, cli.UsageError{Err: fmt.Errorf("--alertmanager.url: %w", err)}
	}
	return c, nil
}

// Validate implements [conf.Validator].
func (c *config) Validate() error {
	var errs []error
	for name := range c.ExternalLabels {
		if !model.UTF8Validation.IsValidLabelName(name) {
			errs = append(errs, conf.Field(fmt.Errorf("want a label name, have %q", name), "external_labels", name))
		}
	}
	errs = append(errs,
		conf.Field(c.Metrics.Validate(), "metrics"),
		conf.Field(c.Alerting.Validate(), "alerting"),
		conf.Field(c.Alerts.Validate(), "alerts"),
		conf.Field(c.EventLog.Validate(), "event_log"))
	return errors.Join(errs...)
}
