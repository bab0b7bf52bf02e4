package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/barkreceiver/silence"
	"github.com/kubebark/kubebark/internal/httpd"
)

// publicServer serves the one page that phones open, and nothing else.
type publicServer struct {
	listener net.Listener
	server   *http.Server
}

// servePublic serves the silence page on its own listener where the flag asks
// for that, else on the server that all else is on.
func (s *service) servePublic(app *barkreceiver.App, external string, server *httpd.Server) (*publicServer, error) {
	if s.publicAddress == "" {
		server.Handle(silence.Path, app.SilenceHandler())
		return nil, nil //nolint:nilnil // there is none, and that is no fault
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.publicAddress)
	if err != nil {
		return nil, fmt.Errorf("--web.public-listen-address %s: %w", s.publicAddress, err)
	}
	mux := http.NewServeMux()
	mux.Handle(silence.Path, app.SilenceHandler())
	if u, err := url.Parse(external); err == nil && u.Path != "" {
		// A reverse proxy may or may not take its prefix off the path.
		mux.Handle(u.Path+silence.Path, app.SilenceHandler())
	}
	return &publicServer{l, &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}}, nil
}

func (p *publicServer) run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- p.server.Serve(p.listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if p.server.Shutdown(stop) != nil {
		p.server.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
