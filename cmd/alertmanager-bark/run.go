package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/barkreceiver/silence"
	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/httpd"
	"github.com/kubebark/kubebark/internal/lifecycle"
	"github.com/kubebark/kubebark/internal/logging"
)

// service is the command run: its flags.
type service struct {
	std  cli.Stdio
	logs *logging.Config
	web  *httpd.Flags

	configFile    string
	publicAddress string
	stateFile     string
}

func addService(app *cli.App) {
	c := app.Command("run", "Serve Alertmanager's webhook; the default.").Default()
	s := &service{logs: logging.Flags(app.Application), std: app.Stdio}
	c.Flag("config.file", "Path to the configuration file.").Required().StringVar(&s.configFile)
	s.web = httpd.AddFlags(c, ":10057")
	c.Flag("web.public-listen-address", "Address to serve nothing but /silence on, the page that pushes link to; default is that of --web.listen-address.").StringVar(&s.publicAddress)
	c.Flag("state.file", "Path to a file that keeps over a restart what devices were told; default is none.").StringVar(&s.stateFile)
	app.Handle(c, s.run)
}

func (s *service) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return s.serve(ctx)
}

func (s *service) serve(ctx context.Context) error {
	base := logging.New(s.std.Err, *s.logs)
	logger := logging.WithTime(base)
	registry := httpd.NewRegistry("alertmanager_bark")
	external, err := s.web.ExternalURL()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	app := barkreceiver.New(barkreceiver.Options{
		ConfigFile: s.configFile, Logger: logger, Registerer: registry, ExternalURL: external, StateFile: s.stateFile,
	})
	reloader, err := conf.NewReloader(conf.ReloaderOptions{
		Logger: logger, Registerer: registry, Namespace: "alertmanager_bark", Apply: app.Apply,
	})
	if err != nil {
		return unreadable(err)
	}
	slogger := logging.Slog(base, *s.logs)
	server, err := httpd.New(httpd.Options{
		Logger: slogger, Registry: registry, Flags: *s.web,
		Name: name, Description: "Pushes Alertmanager's alerts to phones through Bark.",
		Ready: app.Ready, Reload: reloader.Reload,
		Links: []httpd.Link{{Path: "/preview", Text: "Preview", Description: "what pushes will look like"}},
	})
	if err != nil {
		return err
	}
	server.Handle("/webhook", app.Handler())
	server.Handle("/webhook/", app.Handler())
	server.Handle("/preview", app.PreviewHandler())
	public := server
	if s.publicAddress != "" {
		if public, err = httpd.NewPublic(s.publicAddress, s.web, slogger); err != nil {
			return fmt.Errorf("--web.public-listen-address %s: %w", s.publicAddress, err)
		}
		level.Info(logger).Log("msg", "the silence page is served alone", "public", public.Addr())
	}
	public.Handle(silence.Path, app.SilenceHandler())
	level.Info(logger).Log("msg", "starting", "version", version.Info(), "address", server.Addr())
	err = runAll(ctx, app, reloader, server, public)
	level.Info(logger).Log("msg", "stopped")
	return err
}

func runAll(ctx context.Context, app *barkreceiver.App, reloader *conf.Reloader, server, public *httpd.Server) error {
	// What is added last ends first: no more webhooks, then the pushes that
	// are under way.
	group := &lifecycle.Group{StopTimeout: 20 * time.Second}
	group.Add("pushes", app.Run)
	group.Add("configuration", reloader.Run)
	if public != server {
		group.Add("public web", public.Run)
	}
	group.Add("web", server.Run)
	return group.Run(ctx)
}

// unreadable makes a configuration file that cannot be read the user's to
// mend.
func unreadable(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return cli.UsageError{Err: err}
	}
	return err
}
