package alertmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/api"
	"github.com/prometheus/alertmanager/httpserver"
	"github.com/prometheus/alertmanager/tracing"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/route"
)

// shutdownLimit is how long requests may take to end on Stop.
const shutdownLimit = 5 * time.Second

// listen binds the port, so that the address which notifications give is
// known before the configuration is applied.
func (a *Alertmanager) listen(ctx context.Context) (err error) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(a.opts.Port))
	if a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err != nil {
		return err
	}
	a.onStop(func() error {
		// The server has closed it if it ever ran.
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	a.external, err = externalURL(a.opts.ExternalURL, a.listener.Addr())
	return err
}

// externalURL returns the URL, or that of the host and the port where there
// is none, with a path that is empty or begins and does not end with a slash.
func externalURL(given string, bound net.Addr) (*url.URL, error) {
	if given == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, err
		}
		_, port, err := net.SplitHostPort(bound.String())
		if err != nil {
			return nil, err
		}
		given = "http://" + net.JoinHostPort(host, port)
	}
	u, err := url.Parse(given)
	if err != nil {
		return nil, fmt.Errorf("parse external URL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("external URL %s is neither http nor https", u)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// newAPI makes the API, which works once a configuration was applied.
func (a *Alertmanager) newAPI() (err error) {
	a.api, err = api.New(api.Options{
		Alerts:         a.stores.alerts,
		Silences:       a.stores.silences,
		GroupMutedFunc: a.stores.groups.Muted,
		GroupFunc:      a.load.groups,
		Logger:         a.component("api"),
		Registry:       a.reg,
		RequestDuration: promauto.With(a.reg).NewHistogramVec(prometheus.HistogramOpts{
			Name:    "alertmanager_http_request_duration_seconds",
			Help:    "How long HTTP requests took.",
			Buckets: prometheus.DefBuckets,
		}, []string{"handler", "method", "code"}),
	})
	if err != nil {
		return fmt.Errorf("make API: %w", err)
	}
	a.load.api = a.api
	return nil
}

// serve answers requests until Stop.
func (a *Alertmanager) serve() {
	server := &http.Server{Handler: tracing.Middleware(a.handler()), ReadHeaderTimeout: time.Minute}
	quit := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case answer := <-a.reloads:
				answer <- a.configs.Reload()
			case <-quit:
				return
			}
		}
	})
	running.Go(func() {
		if err := server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("serving ended", "err", err)
		}
	})
	a.onStop(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownLimit)
		defer cancel()
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		close(quit)
		running.Wait()
		return err
	})
}

func (a *Alertmanager) handler() http.Handler {
	prefix := a.external.Path
	router := route.New()
	if prefix != "" {
		router = router.WithPrefix(prefix)
	}
	httpserver.Register(router, a.reloads)

	// Its own /metrics shows the process's registry, in which there is room
	// for one Alertmanager.
	mux := http.NewServeMux()
	mux.Handle("GET "+prefix+"/metrics", promhttp.HandlerFor(a.reg, promhttp.HandlerOpts{}))
	mux.Handle("/", a.api.Register(router, cmp.Or(prefix, "/")))
	return mux
}
