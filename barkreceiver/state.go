package barkreceiver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/silence"
)

// state is what a reload swaps.
type state struct {
	config  *config.Config
	servers map[string]*server // as the configuration names them
	silence *silence.Handler   // nil where there is no Alertmanager to silence in
}

// server is a bark-server.
type server struct {
	*push.Client
	url string // label of bark_up
}

func (a *App) newState(c *config.Config) (*state, error) {
	st := &state{config: c, servers: map[string]*server{}}
	for name, s := range c.Bark.All() {
		srv, err := a.newServer(s)
		if err != nil {
			st.close()
			return nil, fmt.Errorf("bark-server %q: %w", name, err)
		}
		st.servers[name] = srv
	}
	return st, nil
}

func (a *App) newServer(c *config.Server) (*server, error) {
	u, err := push.ParseServerURL(c.ServerURL)
	if err != nil {
		return nil, err
	}
	client, err := push.New(push.Options{
		ServerURL: c.ServerURL, HTTP: c.HTTP, Timeout: time.Duration(c.Timeout),
		Duration: a.metrics.duration, Up: a.metrics.up.WithLabelValues(u.String()),
	})
	return &server{client, u.String()}, err
}

// server returns the one that a receiver pushes through.
func (st *state) server(r *config.Receiver) *server { return st.servers[r.Server] }

// ping asks all servers at once whether they are there.
func (st *state) ping(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range st.servers {
		wg.Go(func() { s.Ping(ctx) })
	}
	wg.Wait()
}

func (st *state) close() {
	for _, s := range st.servers {
		s.Close()
	}
	if st.silence != nil {
		st.silence.Close()
	}
}

// forgetServers drops the metrics of servers that are no longer used.
func (a *App) forgetServers(old, next *state) {
	used := map[string]bool{}
	for _, s := range next.servers {
		used[s.url] = true
	}
	for _, s := range old.servers {
		if !used[s.url] {
			a.metrics.up.DeleteLabelValues(s.url)
		}
	}
}
