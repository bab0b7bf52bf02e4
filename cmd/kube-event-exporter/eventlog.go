package main

import (
	"github.com/alecthomas/kingpin/v2"

	"github.com/kubebark/kubebark/exporter/eventlog"
	"github.com/kubebark/kubebark/exporter/history"
	"github.com/kubebark/kubebark/exporter/kube"
	"github.com/kubebark/kubebark/exporter/lookup"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/lifecycle"
)

// eventLog is the event log, where there is one.
type eventLog struct {
	file string
	log  *eventlog.Log // nil without a file
	// enricher makes who looks objects up; nil in a replay.
	enricher func(*eventlog.Enrichment) (eventlog.Enricher, error)
}

func (e *eventLog) flags(c *kingpin.CmdClause) {
	c.Flag("event-log.file", "Path to a file, or - for standard output, to which each occurrence is written as a line of JSON. Default is none.").StringVar(&e.file)
}

// openEventLog opens the event log, if one is asked for, and adds it to the
// group and to the sinks.
func (s *service) openEventLog(cfg *config, group *lifecycle.Group, sinks []occurrence.Sink) ([]occurrence.Sink, error) {
	if s.events.file == "" {
		return sinks, nil
	}
	l, err := eventlog.New(eventlog.Options{
		Path: s.events.file, Stdout: s.std.Out, Logger: s.logger, Registerer: s.registry,
		Alert: s.bridge.AlertOf, Settings: s.logSettings(cfg),
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

// lookupsForLog lets the event log ask about objects; client is nil in a replay.
func (s *service) lookupsForLog(client *kube.Client) {
	if s.events.file == "" {
		return
	}
	m := lookup.NewLogMetrics(s.registry)
	if client != nil {
		s.events.enricher = eventlog.Lookups(client, s.logger, m)
	}
}

// showHistory keeps what happened lately, and serves its pages.
func (s *service) showHistory() (*history.History, error) {
	h := history.New()
	pages, err := history.NewPages(h, s.logger)
	if err != nil {
		return nil, err
	}
	for path, handler := range pages.Handlers() {
		s.server.Handle(path, handler)
	}
	return h, nil
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
