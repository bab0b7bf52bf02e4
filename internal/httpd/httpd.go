// Package httpd serves a program's HTTP endpoints as Prometheus's own programs
// do: a landing page, metrics, health, readiness and reload, with TLS and
// authentication by the exporter-toolkit, and time-outs that a slow client
// cannot outlast.
package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
)

// Link is a link of the landing page.
type Link struct{ Path, Text, Description string }

// Options are the options of [New].
type Options struct {
	Logger        *slog.Logger // the exporter-toolkit's kind
	Registry      *prometheus.Registry
	Flags         Flags
	Name          string // title of the landing page
	Description   string
	TelemetryPath string // "" means /metrics
	Links         []Link // beside those to what every program serves

	// Ready returns why the program is not ready to do its own work.
	Ready func() error
	// Reload loads the configuration anew; it is served at POST /-/reload if
	// the flags allow it.
	Reload func(context.Context) error
}

// Server serves a program's endpoints.
type Server struct {
	mux       *http.ServeMux
	handler   http.Handler
	listeners []net.Listener
	opts      Options
}

// New listens on the addresses of the flags, but serves only from Run on.
func New(o Options) (*Server, error) {
	if o.TelemetryPath == "" {
		o.TelemetryPath = "/metrics"
	}
	if err := web.Validate(o.Flags.ConfigFile); o.Flags.ConfigFile != "" && err != nil {
		return nil, fmt.Errorf("web configuration %s: %w", o.Flags.ConfigFile, err)
	}
	s := &Server{mux: http.NewServeMux(), opts: o}
	if err := s.routes(); err != nil {
		return nil, err
	}
	for _, a := range o.Flags.Addresses {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", a)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("--web.listen-address %s: %w", a, err)
		}
		s.listeners = append(s.listeners, l)
	}
	return s, nil
}

// Handle adds a handler to the server; the pattern is one of
// [http.ServeMux]. It must be called before Run.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Addr returns the address of the first listener, with the port that the
// system gave where it was asked for any.
func (s *Server) Addr() net.Addr { return s.listeners[0].Addr() }

// Run serves until ctx is done and then waits a short while for requests under
// way.
func (s *Server) Run(ctx context.Context) error {
	errs := make(chan error, len(s.listeners))
	servers := make([]*http.Server, len(s.listeners))
	for i, l := range s.listeners {
		// One server each: the toolkit wraps the handler of the one it gets.
		servers[i] = newHTTPServer(s.handler, s.opts.Logger)
		f := &web.FlagConfig{WebConfigFile: &s.opts.Flags.ConfigFile}
		go func() { errs <- web.Serve(l, servers[i], f, s.opts.Logger) }()
	}
	var first error
	select {
	case <-ctx.Done():
	case first = <-errs:
		errs <- first
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, srv := range servers {
		if srv.Shutdown(stop) != nil {
			srv.Close() // who is still there has had its time
		}
	}
	var all []error
	for range servers {
		if err := <-errs; !errors.Is(err, http.ErrServerClosed) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func (s *Server) close() {
	for _, l := range s.listeners {
		l.Close()
	}
}

func newHTTPServer(h http.Handler, l *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(l.Handler(), slog.LevelDebug),
	}
}

func (s *Server) routes() error {
	o := &s.opts
	landing, err := s.landingPage()
	if err != nil {
		return err
	}
	s.mux.Handle("GET /{$}", landing)
	s.mux.Handle("GET "+o.TelemetryPath, promhttp.InstrumentMetricHandler(o.Registry,
		promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{
			Registry:                            o.Registry,
			EnableOpenMetrics:                   true,
			EnableOpenMetricsTextCreatedSamples: true,
			MaxRequestsInFlight:                 16,
			// A scrape comes from nearby. To compress it costs more processor
			// time than all the rest of it, and 0.8 MiB for each writer.
			DisableCompression: true,
		})))
	s.mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s is healthy.\n", o.Name)
	})
	s.mux.HandleFunc("GET /-/ready", s.ready)
	s.mux.HandleFunc("POST /-/reload", s.reload)
	s.handler = s.mux
	ext, err := o.Flags.ExternalURL()
	if err != nil {
		return err
	}
	if u, err := url.Parse(ext); err == nil && u.Path != "" {
		// A reverse proxy may or may not take its prefix off the path.
		outer := http.NewServeMux()
		outer.Handle(u.Path+"/", http.StripPrefix(u.Path, s.mux))
		outer.Handle("/", s.mux)
		s.handler = outer
	}
	return nil
}

func (s *Server) landingPage() (http.Handler, error) {
	o := &s.opts
	links := make([]web.LandingLinks, 0, len(o.Links)+3)
	for _, l := range append(o.Links,
		Link{o.TelemetryPath, "Metrics", ""},
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

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.opts.Ready(); err != nil {
		http.Error(w, "Not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "%s is ready.\n", s.opts.Name)
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if !s.opts.Flags.Lifecycle {
		http.Error(w, "Reloading over HTTP is off; start with --web.enable-lifecycle, or send SIGHUP.", http.StatusForbidden)
		return
	}
	if err := s.opts.Reload(r.Context()); err != nil {
		http.Error(w, "The configuration was refused, the one in force stays:\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "Configuration loaded.")
}
