package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/kubebark/kubebark/alertbridge"
	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/exporter"
	"github.com/kubebark/kubebark/exporter/history"
	"github.com/kubebark/kubebark/exporter/kube"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/exporter/series"
	"github.com/kubebark/kubebark/exporter/watch"
	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/httpd"
	"github.com/kubebark/kubebark/internal/lifecycle"
	"github.com/kubebark/kubebark/internal/logging"
)

// service is the command run: its flags, and what it is made of.
type service struct {
	std  cli.Stdio
	logs *logging.Config
	web  *httpd.Flags
	kube kube.Options

	configFile    string
	namespaces    string
	stateFile     string
	cluster       string // whose state it is
	replayFile    string
	replaySpeed   float64
	alertmanagers []string
	events        eventLog
	shards        shardFlags

	logger   log.Logger
	slog     *slog.Logger
	registry *prometheus.Registry
	server   *httpd.Server
	series   *series.Store
	bridge   *alertbridge.Bridge
	keeper   *exporter.Keeper // nil without a state file
	health   *watch.Health
	lookups  episode.Lookups // nil in a replay
	shard    *watch.Shard
}

func (s *service) run() error {
	// First of all: who is told to end while still starting ends in order, too.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	group := &lifecycle.Group{StopTimeout: 20 * time.Second}
	spareMemory(group)
	base := logging.New(s.std.Err, *s.logs)
	s.logger, s.slog = logging.WithTime(base), logging.Slog(base, *s.logs)
	s.registry = httpd.NewRegistry("kube_event_exporter")
	cfg, err := s.load()
	if err != nil {
		return err
	}
	if err := s.build(cfg, group); err != nil {
		return err
	}
	level.Info(s.logger).Log("msg", "starting", "version", version.Info())
	err = group.Run(ctx)
	if s.keeper != nil {
		err = errors.Join(err, s.keeper.Close())
	}
	level.Info(s.logger).Log("msg", "stopped")
	return err
}

// build makes the parts and adds them to the group, in the order in which they
// depend on each other.
func (s *service) build(cfg *config, group *lifecycle.Group) error {
	s.series = series.New(cfg.Metrics)
	s.registry.MustRegister(s.series)
	s.health = watch.NewHealth(s.registry)
	source, err := s.source()
	if err != nil {
		return err
	}
	// The server first: the port that it gets is part of the alerts' links.
	var reloader *conf.Reloader
	s.server, err = s.newServer(func(ctx context.Context) error { return reloader.Reload(ctx) })
	if err != nil {
		return err
	}
	s.bridge, err = alertbridge.New(s.bridgeOptions(cfg))
	if err != nil {
		return err
	}
	for path, h := range s.bridge.Pages() {
		s.server.Handle(path, h)
	}
	reloader, err = conf.NewReloader(conf.ReloaderOptions{
		Logger: s.logger, Registerer: s.registry, Namespace: "kube_event_exporter", Apply: s.apply,
	})
	if err != nil {
		return err
	}
	group.Add("web", s.server.Run)
	happened, err := s.showHistory()
	if err != nil {
		return err
	}
	sinks, err := s.openEventLog(cfg, group, []occurrence.Sink{s.bridge, happened})
	if err != nil {
		return err
	}
	pipeline := exporter.NewPipeline(s.registry, s.series, sinks...)
	group.Add("configuration", reloader.Run)
	group.Add("alerts", s.bridge.Run)
	source(group, pipeline)
	return nil
}

// load reads the configuration and puts what the command line says before it.
func (s *service) load() (*config, error) {
	cfg, err := loadConfig(s.configFile, s.alertmanagers)
	if err != nil {
		return nil, err
	}
	return cfg, s.events.override(&cfg.EventLog)
}

// apply loads the configuration anew and puts it in force.
func (s *service) apply() ([]string, error) {
	var files []string
	if s.configFile != "" {
		files = append(files, s.configFile)
	}
	cfg, err := s.load()
	if err != nil {
		return files, err
	}
	if err := s.bridge.Reload(s.settings(cfg)); err != nil {
		return files, err
	}
	s.series.SetConfig(cfg.Metrics)
	return files, s.events.apply(s.logSettings(cfg))
}

func (s *service) settings(cfg *config) alertbridge.Settings {
	return alertbridge.Settings{
		ExternalURL: s.externalURL(), ExternalLabels: cfg.ExternalLabels,
		Alerting: cfg.Alerting, Alerts: cfg.Alerts, NewSeriesDelay: time.Duration(cfg.Metrics.NewSeriesDelay),
	}
}

func (s *service) bridgeOptions(cfg *config) alertbridge.Options {
	o := alertbridge.Options{
		Settings: s.settings(cfg), Logger: s.logger, Registerer: s.registry, Connected: s.health.Connected,
		Watch: s.health, Lookups: s.lookups,
	}
	if s.replayFile != "" {
		o.Speed, o.Connected, o.Watch = s.replaySpeed, nil, nil
	}
	if s.stateFile != "" {
		o.StateFile, o.StateOwner = s.stateFile+".alerts", s.alertsOwner()
	}
	return o
}

// externalURL is where users reach this program: what they said, else, as
// Prometheus does, the host's name and the port.
func (s *service) externalURL() string {
	u, err := s.web.ExternalURL()
	if err == nil && u != "" {
		return u
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	_, port, err := net.SplitHostPort(s.server.Addr().String())
	if err != nil {
		return "http://" + host
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (s *service) newServer(reload func(context.Context) error) (*httpd.Server, error) {
	ready := s.health.Ready
	if s.replayFile != "" {
		ready = func() error { return nil }
	}
	if _, err := s.web.ExternalURL(); err != nil {
		return nil, cli.UsageError{Err: err}
	}
	return httpd.New(httpd.Options{
		Logger: s.slog, Registry: s.registry, Flags: *s.web,
		Name: name, Description: "Counts Kubernetes Events exactly and makes Warnings into alerts.",
		Links: []httpd.Link{
			{Path: "/alerts", Text: "Alerts", Description: "pending, firing and lately ended"},
			{Path: "/events", Text: "Events", Description: "what lately happened to each object"},
		},
		Ready: ready, Reload: reload,
	})
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
