package httpd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

// Server serves HTTP on one address or more.
type Server struct {
	mux        *http.ServeMux
	handler    http.Handler // the mux, also below the external URL's path
	listeners  []net.Listener
	configFile string // exporter-toolkit's; "" for plain HTTP
	public     bool
	logger     *slog.Logger
}

// NewPublic listens on an address that anybody may reach, but serves only from Run
// on, and nothing but what is handled. The web configuration is not for it: what
// stands in front of it has a certificate, and its visitors no password.
func NewPublic(address string, f *Flags, l *slog.Logger) (*Server, error) {
	s, err := newServer(f, l)
	if err != nil {
		return nil, err
	}
	s.public = true
	if err := s.listen(address); err != nil {
		return nil, err
	}
	return s, nil
}

func newServer(f *Flags, l *slog.Logger) (*Server, error) {
	external, err := f.ExternalURL()
	if err != nil {
		return nil, err
	}
	s := &Server{mux: http.NewServeMux(), logger: l}
	s.handler = s.mux
	if u, err := url.Parse(external); err == nil && u.Path != "" {
		// A reverse proxy may or may not take its prefix off the path.
		outer := http.NewServeMux()
		outer.Handle(u.Path+"/", http.StripPrefix(u.Path, s.mux))
		outer.Handle("/", s.mux)
		s.handler = outer
	}
	return s, nil
}

// listen adds an address.
func (s *Server) listen(address string) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	s.listeners = append(s.listeners, l)
	return nil
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
		servers[i] = s.newHTTPServer()
		f := &web.FlagConfig{WebConfigFile: &s.configFile}
		go func() { errs <- web.Serve(l, servers[i], f, s.logger) }()
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

func (s *Server) newHTTPServer() *http.Server {
	srv := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	if s.public { // a browser with a form needs no more
		srv.ReadTimeout, srv.WriteTimeout, srv.IdleTimeout = 20*time.Second, time.Minute, time.Minute
		srv.MaxHeaderBytes = 16 << 10
	}
	return srv
}
