// Package alertmanager runs a whole Alertmanager inside the test process.
//
// From v0.32 on Alertmanager's module lacks the files of its web interface, so
// that its program cannot be built from the module. All else of it can: this
// package puts together the packages that the program consists of (stores,
// API, inhibition, dispatcher, notification pipeline and the notifiers
// themselves) in the order in which the program does, and serves their HTTP
// API on loopback. What an Alertmanager does is theirs alone; nothing of it is
// written anew here.
//
// [Start] opens the stores and loads the configuration; each load builds the
// routes, receivers, inhibitor and dispatcher afresh and swaps them in, as
// [Alertmanager.Reload], POST /-/reload and the first start do alike;
// [Alertmanager.Stop] ends all in reverse and leaves silences and the
// notification log in its directory, for the next one to start from.
//
// Missing are the web interface, a cluster of several, the event recorder and
// other feature flags. The version that User-Agent and /api/v2/status give is
// empty, since it is set when a program is linked. /metrics has this
// Alertmanager's own metrics.
package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/prometheus/alertmanager/api"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/client_golang/prometheus"
)

// Options says how an Alertmanager runs. The zero value is a free port, a
// temporary directory and the program's own defaults.
type Options struct {
	Dir  string // for configuration and data; empty: a temporary one that Stop removes
	Port int    // of 127.0.0.1; 0: a free one

	// ExternalURL is the address that notifications give; its path is the
	// prefix of all paths. Empty: the host's name and the port.
	ExternalURL string

	Logger *slog.Logger // nil: nothing is logged
}

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// An Alertmanager runs from Start to Stop. Its methods are safe for concurrent
// use.
type Alertmanager struct {
	opts Options
	log  *slog.Logger
	reg  *prometheus.Registry

	dir      string
	listener net.Listener
	external *url.URL
	stores   *stores
	api      *api.API
	load     *loader
	configs  *config.Coordinator
	reloads  chan chan error // from POST /-/reload

	mu       sync.Mutex // held while loading and stopping
	stopped  bool
	stopErr  error
	cleanups []func() error // in the order of what they undo
}

// parsers makes matchers and label names mean what they mean to the program,
// which keeps that in variables: once for the process, so that one
// Alertmanager's start does not race with another's requests.
var parsers = sync.OnceFunc(func() {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
})

// Start starts an Alertmanager that is no cluster's member, with a
// configuration in YAML, and returns it when it is ready. ctx limits the start
// alone; Stop ends it.
func Start(ctx context.Context, config string, opts Options) (*Alertmanager, error) {
	parsers()
	opts.setDefaults()
	a := &Alertmanager{
		opts:    opts,
		log:     opts.Logger,
		reg:     prometheus.NewRegistry(),
		reloads: make(chan chan error),
	}
	if err := a.start(ctx, config); err != nil {
		return nil, errors.Join(fmt.Errorf("start alertmanager: %w", err), a.Stop())
	}
	return a, nil
}

func (a *Alertmanager) start(ctx context.Context, yaml string) error {
	if err := a.makeDir(); err != nil {
		return err
	}
	if err := a.writeConfig(yaml); err != nil {
		return err
	}
	conf, err := config.LoadFile(a.ConfigFile())
	if err != nil {
		return fmt.Errorf("load configuration: %w", err)
	}
	if err := a.openStores(); err != nil {
		return err
	}
	if err := a.listen(ctx); err != nil {
		return err
	}
	a.newLoader()
	if err := a.newAPI(); err != nil {
		return err
	}
	a.configs = config.NewCoordinator(a.ConfigFile(), a.reg, a.component("configuration"))
	a.configs.Subscribe(a.load.apply)
	if err := a.configs.ApplyConfig(conf); err != nil {
		return fmt.Errorf("apply configuration: %w", err)
	}
	a.serve()
	return nil
}

func (a *Alertmanager) makeDir() (err error) {
	if a.opts.Dir != "" {
		a.dir = a.opts.Dir
		if err := os.MkdirAll(a.dir, 0o750); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		return nil
	}
	if a.dir, err = os.MkdirTemp("", "kubebark-alertmanager-"); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	a.onStop(func() error { return os.RemoveAll(a.dir) })
	return nil
}

func (a *Alertmanager) writeConfig(yaml string) error {
	if err := os.WriteFile(a.ConfigFile(), []byte(yaml), 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

func (a *Alertmanager) component(name string) *slog.Logger { return a.log.With("component", name) }

// onStop has Stop call f, after all that was registered later.
func (a *Alertmanager) onStop(f func() error) { a.cleanups = append(a.cleanups, f) }

// URL returns the Alertmanager's address, with the prefix of its paths if
// there is one.
func (a *Alertmanager) URL() string { return "http://" + a.listener.Addr().String() + a.external.Path }

// ConfigFile returns the path of the configuration, which is read anew on
// POST /-/reload.
func (a *Alertmanager) ConfigFile() string { return filepath.Join(a.dir, "alertmanager.yml") }

// Reload replaces the configuration. One that is refused leaves the running
// one in force.
func (a *Alertmanager) Reload(config string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return fmt.Errorf("reload alertmanager: %w", http.ErrServerClosed)
	}
	if err := a.writeConfig(config); err != nil {
		return fmt.Errorf("reload alertmanager: %w", err)
	}
	if err := a.configs.Reload(); err != nil {
		return fmt.Errorf("reload alertmanager: %w", err)
	}
	return nil
}

// Stop ends the Alertmanager as SIGTERM ends the program, and removes its
// directory if it is a temporary one. Only the first call does something; the
// others return what that returned.
func (a *Alertmanager) Stop() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return a.stopErr
	}
	a.stopped = true
	var errs []error
	for _, f := range slices.Backward(a.cleanups) {
		errs = append(errs, f())
	}
	if err := errors.Join(errs...); err != nil {
		a.stopErr = fmt.Errorf("stop alertmanager: %w", err)
	}
	return a.stopErr
}
