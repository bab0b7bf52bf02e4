package push

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"
)

const (
	maxBatch    = 10 // what the public server takes
	maxRequests = 32 // under way at once to one server
	// bark-server closes idle connections after 10 s; a POST must not go into
	// one that it is closing.
	idleTimeout = 8 * time.Second
)

// Result is what became of a push to one device.
type Result struct {
	Outcome  Outcome
	TooLarge bool   // refused for its size alone
	Held     bool   // said from memory, the server was not asked
	Detail   string // for people; free of keys and tokens; "" when delivered
}

// Options are the options of [New].
type Options struct {
	ServerURL string // http or https, maybe with a path
	HTTP      config.HTTPClientConfig
	Timeout   time.Duration // of one request; 0 means 10 s
	Duration  prometheus.Observer
	Up        prometheus.Gauge
}

// Client pushes through one bark-server. It is safe for concurrent use.
type Client struct {
	base     *url.URL
	http     *http.Client
	timeout  time.Duration
	duration prometheus.Observer
	up       prometheus.Gauge
	slots    chan struct{}
	batch    atomic.Int64 // the most keys in one request
	pauses   pauses
}

// New returns a client.
func New(o Options) (*Client, error) {
	u, err := ParseServerURL(o.ServerURL)
	if err != nil {
		return nil, err
	}
	o.HTTP.FollowRedirects = false // a redirected POST arrives as a GET without its body
	hc, err := config.NewClientFromConfig(o.HTTP, "bark", config.WithIdleConnTimeout(idleTimeout))
	if err != nil {
		return nil, fmt.Errorf("HTTP client for %s: %w", u.Host, err)
	}
	c := &Client{
		base: u, http: hc, timeout: o.Timeout, duration: o.Duration, up: o.Up,
		slots:  make(chan struct{}, maxRequests),
		pauses: pauses{keys: map[Key]pause{}},
	}
	if c.timeout <= 0 {
		c.timeout = 10 * time.Second
	}
	c.batch.Store(maxBatch)
	return c, nil
}

// ParseServerURL parses a bark-server's URL.
func ParseServerURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("want a URL such as https://api.day.app, have %q", redactURL(s))
	}
	if u.User != nil {
		return nil, fmt.Errorf("want no user in the URL %q; there is basic_auth for that", u.Redacted())
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("want a URL without query and fragment, have %q", u.Redacted())
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

func redactURL(s string) string {
	if i := strings.LastIndex(s, "@"); i >= 0 {
		return mask + s[i:]
	}
	return s
}

// Close gives up idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Push sends p to the devices that have the keys. It asks the server about none that
// it is to leave alone. It calls note for each as soon as its result is known, maybe
// for several at once: who has it is not to wait for the slowest.
func (c *Client) Push(ctx context.Context, p *Params, devices []Key, note func(i int, r Result)) {
	var todo []int
	for i, k := range devices {
		r, held := c.pauses.check(k, time.Now())
		if !held {
			todo = append(todo, i)
			continue
		}
		note(i, r)
	}
	var wg sync.WaitGroup
	for part := range slices.Chunk(todo, int(c.batch.Load())) {
		wg.Go(func() { c.pushPart(ctx, p, devices, part, note) })
	}
	wg.Wait()
}

// pushPart sends p to the devices of the given indices in one request, or one
// by one where the server does not take that.
func (c *Client) pushPart(ctx context.Context, p *Params, devices []Key, part []int, note func(i int, r Result)) {
	ks := make([]Key, len(part))
	for i, j := range part {
		ks[i] = devices[j]
	}
	rs, ok := c.send(ctx, p, ks)
	for i, j := range part {
		if !ok {
			one, _ := c.send(ctx, p, ks[i:i+1])
			one[0].Detail = redact(one[0].Detail, ks) // the server knows all their keys
			note(j, one[0])
			continue
		}
		note(j, rs[i])
	}
}

// Ping asks the server whether it is there.
func (c *Client) Ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+"/ping", http.NoBody)
	if err != nil {
		return // the URL was parsed before
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.up.Set(0)
		return
	}
	resp.Body.Close()
	c.setUp(resp.StatusCode == http.StatusOK)
}

func (c *Client) setUp(up bool) {
	if up {
		c.up.Set(1)
		return
	}
	c.up.Set(0)
}
