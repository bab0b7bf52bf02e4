package notify

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// lookUpTimeout bounds how long a name may hold up the others.
const lookUpTimeout = 10 * time.Second

// Resolver looks names up. *net.Resolver is one.
type Resolver interface {
	LookupHost(ctx context.Context, host string) (addrs []string, err error)
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
}

// address is one Alertmanager that an entry leads to.
type address struct {
	url  string
	host string // Host header, "" if it is the address
}

// resolved is an entry with the Alertmanagers that it leads to.
type resolved struct {
	*entry
	client    *http.Client
	addresses []address // guarded by Notifier.mu
	lastErr   string    // only Run's
}

func newResolved(a *Alertmanager) (*resolved, error) {
	e, err := parseEntry(a)
	if err != nil {
		return nil, err
	}
	r := &resolved{entry: e}
	if r.client, err = newClient(e); err != nil {
		return nil, err
	}
	if e.lookup == lookupNone {
		r.addresses = []address{{url: e.url.String()}}
	}
	return r, nil
}

func (r *resolved) sameName(o *resolved) bool {
	return r.lookup == o.lookup && r.url.String() == o.url.String()
}

func (r *resolved) endpoint(a address) *endpoint {
	return &endpoint{url: a.url, host: a.host, user: r.user, client: r.client, timeout: r.timeout}
}

// lookUp returns the addresses of the entry's name, none if that fails or
// there is nothing to look up.
func (r *resolved) lookUp(ctx context.Context, res Resolver, logger log.Logger) []address {
	ctx, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	var (
		as  []address
		err error
	)
	switch r.lookup {
	case lookupNone:
		return nil
	case lookupHost:
		as, err = r.hosts(ctx, res)
	case lookupSRV:
		as, err = r.services(ctx, res)
	}
	text := ""
	if err != nil {
		text = err.Error()
	} else if len(as) == 0 {
		text = "the name has no address"
	}
	if text != "" && text != r.lastErr {
		level.Warn(logger).Log("msg", "Alertmanagers not found, those known stay", "name", r.url.Hostname(), "err", text)
	}
	r.lastErr = text
	return as
}

func (r *resolved) hosts(ctx context.Context, res Resolver) ([]address, error) {
	ips, err := res.LookupHost(ctx, r.url.Hostname())
	if err != nil {
		return nil, fmt.Errorf("look up the addresses: %w", err)
	}
	var as []address
	for _, ip := range slices.Compact(slices.Sorted(slices.Values(ips))) {
		as = append(as, address{r.at(ip, r.url.Port()), r.url.Host})
	}
	return as, nil
}

func (r *resolved) services(ctx context.Context, res Resolver) ([]address, error) {
	_, srvs, err := res.LookupSRV(ctx, "", "", r.url.Hostname())
	if err != nil {
		return nil, fmt.Errorf("look up the SRV record: %w", err)
	}
	var as []address
	for _, s := range srvs {
		as = append(as, address{url: r.at(strings.TrimSuffix(s.Target, "."), strconv.Itoa(int(s.Port)))})
	}
	return as, nil
}

// at returns the entry's URL with another host and port.
func (r *resolved) at(host, port string) string {
	u := url.URL{Scheme: r.url.Scheme, Path: r.url.Path, Host: host}
	if port != "" {
		u.Host = net.JoinHostPort(host, port)
	} else if strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	return u.String()
}
