// Package httpd serves a program's HTTP endpoints as Prometheus's own programs
// do: a landing page, metrics, health, readiness and reload, with TLS and
// authentication by the exporter-toolkit, and time-outs that a slow client
// cannot outlast.
package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
)

// Link is a link of the landing page.
type Link struct{ Path, Text, Description string }

// Options are the options of [New].
type Options struct {
	Logger      *slog.Logger // the exporter-toolkit's kind
	Registry    *prometheus.Registry
	Flags       Flags
	Name        string // title of the landing page
	Description string
	Links       []Link // beside those to what every program serves

	// Ready returns why the program is not ready to do its own work.
	Ready func() error
	// Reload loads the configuration anew; it is served at POST /-/reload if
	// the flags allow it.
	Reload func(context.Context) error
}

// NewRegistry returns a registry with what every program tells about itself: its
// build, Go's runtime and the process. namespace is the program's.
func NewRegistry(namespace string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		versioncollector.NewCollector(namespace),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return r
}

// New listens on the addresses of the flags, but serves only from Run on.
func New(o Options) (*Server, error) {
	if o.Flags.TelemetryPath == "" {
		o.Flags.TelemetryPath = defaultTelemetryPath
	}
	if err := web.Validate(o.Flags.ConfigFile); o.Flags.ConfigFile != "" && err != nil {
		return nil, fmt.Errorf("web configuration %s: %w", o.Flags.ConfigFile, err)
	}
	s, err := newServer(&o.Flags, o.Logger)
	if err != nil {
		return nil, err
	}
	s.configFile = o.Flags.ConfigFile
	if err := o.routes(s.mux); err != nil {
		return nil, err
	}
	for _, a := range o.Flags.Addresses {
		if err := s.listen(a); err != nil {
			s.close()
			return nil, fmt.Errorf("--web.listen-address %s: %w", a, err)
		}
	}
	return s, nil
}

// routes adds what every program serves.
func (o *Options) routes(mux *http.ServeMux) error {
	landing, err := o.landingPage()
	if err != nil {
		return err
	}
	mux.Handle("GET /{$}", landing)
	mux.Handle("GET "+o.Flags.TelemetryPath, promhttp.InstrumentMetricHandler(o.Registry,
		promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{
			Registry:                            o.Registry,
			EnableOpenMetrics:                   true,
			EnableOpenMetricsTextCreatedSamples: true,
			MaxRequestsInFlight:                 16,
			// A scrape comes from nearby. To compress it costs more processor
			// time than all the rest of it, and 0.8 MiB for each writer.
			DisableCompression: true,
		})))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s is healthy.\n", o.Name)
	})
	mux.HandleFunc("GET /-/ready", o.ready)
	mux.HandleFunc("POST /-/reload", o.reload)
	return nil
}

func (o *Options) landingPage() (http.Handler, error) {
	links := make([]web.LandingLinks, 0, len(o.Links)+3)
	for _, l := range append(o.Links,
		Link{o.Flags.TelemetryPath, "Metrics", ""},
		Link{"/-/ready", "Ready", "whether it can do its work"},
		Link{"/-/healthy", "Healthy", "whether it lives"},
	) {
		links = append(links, web.LandingLinks{
			Address: strings.TrimPrefix(l.Path, "/"), Text: l.Text, Description: l.Description,
		})
	}
	return web.NewLandingPage(web.LandingConfig{
		Name: o.Name, Description: o.Description, Version: version.Info(), Links: links, Profiling: "false",
	})
}

func (o *Options) ready(w http.ResponseWriter, _ *http.Request) {
	if err := o.Ready(); err != nil {
		http.Error(w, "Not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "%s is ready.\n", o.Name)
}

func (o *Options) reload(w http.ResponseWriter, r *http.Request) {
	if !o.Flags.Lifecycle {
		http.Error(w, "Reloading over HTTP is off; start with --web.enable-lifecycle, or send SIGHUP.", http.StatusForbidden)
		return
	}
	if err := o.Reload(r.Context()); err != nil {
		http.Error(w, "The configuration was refused, the one in force stays:\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "Configuration loaded.")
}
