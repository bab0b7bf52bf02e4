package main

import (
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubebark/kubebark/exporter/eventlog"
	"github.com/kubebark/kubebark/exporter/eventlog/otlp"
	"github.com/kubebark/kubebark/exporter/kube"
	"github.com/kubebark/kubebark/exporter/lookup"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/lifecycle"
)

// eventLog is the event log, where there is one.
type eventLog struct {
	file     string
	endpoint string        // "" if the configuration has the say
	protocol string        // likewise
	log      *eventlog.Log // nil if it is neither written nor sent
	client   *kube.Client  // nil in a replay
	// enricher makes who looks objects up; nil in a replay.
	enricher func(*eventlog.Enrichment) (eventlog.Enricher, error)
}

func (e *eventLog) flags(c *kingpin.CmdClause) {
	c.Flag("event-log.file", "Path to a file, or - for standard output, to which each occurrence is written as a line of JSON. Default is none.").StringVar(&e.file)
	c.Flag("event-log.otlp.endpoint", "Where each occurrence is sent as an OTLP log record: http://host:port or https://…. Goes before event_log.otlp.endpoint of the configuration. Default is none.").StringVar(&e.endpoint)
	c.Flag("event-log.otlp.protocol", "How that is spoken to: grpc or http/protobuf. Goes before event_log.otlp.protocol of the configuration, of which the default is grpc.").EnumVar(&e.protocol, otlp.Protocol("").Values()...)
}

// override puts what the command line says into the configuration.
func (e *eventLog) override(c *eventlog.Config) error {
	if e.endpoint == "" && e.protocol == "" {
		return nil
	}
	if e.endpoint != "" {
		c.OTLP.Endpoint = e.endpoint
	}
	if e.protocol != "" {
		c.OTLP.Protocol = otlp.Protocol(e.protocol)
	}
	if err := c.OTLP.Validate(); err != nil {
		return cli.UsageError{Err: fmt.Errorf("--event-log.otlp: %w", err)}
	}
	return nil
}

// openEventLog opens the event log, if one is asked for, and adds it to the
// group and to the sinks.
func (s *service) openEventLog(cfg *config, group *lifecycle.Group, sinks []occurrence.Sink) ([]occurrence.Sink, error) {
	if s.events.file == "" && cfg.EventLog.OTLP.Endpoint == "" {
		return sinks, nil
	}
	metrics := lookup.NewLogMetrics(s.registry)
	if s.events.client != nil {
		s.events.enricher = eventlog.Lookups(s.events.client, s.logger, metrics)
	}
	l, err := eventlog.New(eventlog.Options{
		Path: s.events.file, Stdout: s.std.Out, Logger: s.logger, Registerer: s.registry,
		Alert: s.bridge.Decide, Settings: s.logSettings(cfg),
	})
	if err != nil {
		return nil, err
	}
	s.events.log = l
	group.Add("event log", l.Run)
	return append(sinks, l), nil
}

func (s *service) logSettings(cfg *config) eventlog.Settings {
	return eventlog.Settings{Config: cfg.EventLog, ExternalLabels: cfg.ExternalLabels, Enricher: s.events.enricher}
}

// settle makes the state file wait for the event log.
func (e *eventLog) settle() func() {
	if e.log == nil {
		return nil
	}
	return e.log.Settle
}

// apply puts a new configuration in force.
func (e *eventLog) apply(s eventlog.Settings) error {
	if e.log == nil {
		return nil
	}
	return e.log.Apply(s)
}
