package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// peer is an Alertmanager at a real socket.
type peer struct {
	url string
	got chan string
}

func newPeer(t *testing.T, handler http.HandlerFunc) *peer {
	t.Helper()
	p := &peer{got: make(chan string, 1000)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var as []Alert
		if r.Method == http.MethodPost {
			if err := json.NewDecoder(r.Body).Decode(&as); err != nil {
				t.Errorf("decode: %v", err)
			}
		}
		p.got <- r.Method + " " + r.URL.Path + " " + names(as)
		if handler != nil {
			handler(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	p.url = srv.URL
	return p
}

func (p *peer) port(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func configFor(urls ...string) Config {
	c := DefaultConfig()
	for _, u := range urls {
		c.Alertmanagers = append(c.Alertmanagers, NewAlertmanager(u))
	}
	return c
}

// start runs a notifier until the test ends.
func start(t *testing.T, o Options, c Config) *Notifier {
	t.Helper()
	if o.Logger == nil {
		o.Logger = log.NewNopLogger()
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Current == nil {
		o.Current = func() []Alert { return nil }
	}
	n := New(o)
	if err := n.Apply(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		for _, e := range n.entries {
			e.client.CloseIdleConnections()
		}
	})
	return n
}

func TestADeadOneDelaysNobody(t *testing.T) {
	hang := make(chan struct{})
	slow := newPeer(t, func(http.ResponseWriter, *http.Request) { <-hang })
	good := newPeer(t, nil)
	n := start(t, Options{}, configFor(slow.url+"/am/", "http://127.0.0.1:1", good.url))
	defer close(hang)
	n.Send(alert("a"))
	<-slow.got
	for i := range 50 {
		if i > 0 {
			n.Send(alert(fmt.Sprint("a", i)))
		}
		if got := <-good.got; !strings.HasPrefix(got, "POST /api/v2/alerts a") {
			t.Fatal(got)
		}
	}
}

func TestPathAndUser(t *testing.T) {
	users := make(chan string, 1)
	p := newPeer(t, func(_ http.ResponseWriter, r *http.Request) {
		u, pw, _ := r.BasicAuth()
		users <- u + ":" + pw + " " + r.Header.Get("Content-Type")
	})
	reg := prometheus.NewRegistry()
	var logged syncBuffer
	n := start(t, Options{Registerer: reg, Logger: log.NewLogfmtLogger(&logged)},
		configFor(strings.Replace(p.url, "http://", "http://me:s3cr3t@", 1)+"/am"))
	n.Send(alert("a"))
	if got := <-p.got; got != "POST /am/api/v2/alerts a" {
		t.Error(got)
	}
	if got := <-users; got != "me:s3cr3t application/json" {
		t.Error(got)
	}
	mfs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(mfs) + logged.String(); strings.Contains(s, "s3cr3t") || strings.Contains(s, "me@") {
		t.Errorf("the user shows: %s", s)
	}
}

// syncBuffer is a buffer for many writers.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestRedirectToAPageIsNoDelivery(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	})
	reg := prometheus.NewRegistry()
	n := start(t, Options{Registerer: reg}, configFor(p.url))
	n.Send(alert("a"))
	for range 3 { // POST, GET, and POST again
		<-p.got
	}
	if v := testutil.ToFloat64(n.metrics.sent.WithLabelValues(p.url)); v != 0 {
		t.Errorf("%v counted as sent", v)
	}
}

// names that a fakeResolver knows.
type fakeResolver struct {
	mu    sync.Mutex
	hosts map[string][]string
	srvs  map[string][]*net.SRV
}

var errNoName = errors.New("no such name")

func (r *fakeResolver) LookupHost(_ context.Context, host string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ips, ok := r.hosts[host]; ok {
		return ips, nil
	}
	return nil, errNoName
}

func (r *fakeResolver) LookupSRV(_ context.Context, _, _, name string) (string, []*net.SRV, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.srvs[name]; ok {
		return name, s, nil
	}
	return "", nil, errNoName
}

func (r *fakeResolver) set(host string, ips ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts[host] = ips
}

func TestLookUp(t *testing.T) {
	hosts := make(chan string, 10)
	p := newPeer(t, func(_ http.ResponseWriter, r *http.Request) { hosts <- r.Host })
	port := p.port(t)
	res := &fakeResolver{hosts: map[string][]string{"am.example": {"127.0.0.1"}}}
	c := configFor("dns+http://am.example:" + port + "/x")
	n := start(t, Options{Resolver: res, Current: func() []Alert { return []Alert{alert("now")} }}, c)
	if got := <-p.got; got != "POST /x/api/v2/alerts now" {
		t.Error(got)
	}
	if got := <-hosts; got != "am.example:"+port {
		t.Errorf("Host: %s", got)
	}

	// A replica that appears gets the current state at once; one that goes is
	// left alone; a name that cannot be found changes nothing.
	for _, tt := range []struct {
		ips  []string
		want int
	}{
		{[]string{"127.0.0.1", "127.0.0.2", "127.0.0.2", "::1"}, 3},
		{nil, 3},
		{[]string{"127.0.0.2"}, 1},
	} {
		res.set("am.example", tt.ips...)
		n.resolve(t.Context())
		if got := len(n.senders); got != tt.want {
			t.Errorf("%v: %d senders", tt.ips, got)
		}
	}
	delete(res.hosts, "am.example")
	n.resolve(t.Context())
	if got := len(n.senders); got != 1 {
		t.Errorf("name gone: %d senders", got)
	}
}

func TestLookUpSRV(t *testing.T) {
	p := newPeer(t, nil)
	var port uint16
	if _, err := fmt.Sscan(p.port(t), &port); err != nil {
		t.Fatal(err)
	}
	res := &fakeResolver{srvs: map[string][]*net.SRV{"_web._tcp.am.example": {{Target: "127.0.0.1.", Port: port}}}}
	start(t, Options{Resolver: res, Current: func() []Alert { return []Alert{alert("now")} }}, configFor("dnssrv+http://_web._tcp.am.example"))
	if got := <-p.got; got != "POST /api/v2/alerts now" {
		t.Error(got)
	}
}

func TestApply(t *testing.T) {
	one, two := newPeer(t, nil), newPeer(t, nil)
	reg := prometheus.NewRegistry()
	n := start(t, Options{Registerer: reg}, configFor(one.url))
	bad := configFor(one.url)
	bad.Alertmanagers[0].HTTPClientConfig.TLSConfig.CAFile = "/nowhere/ca.crt"
	if err := n.Apply(bad); err == nil || !strings.Contains(err.Error(), "/nowhere/ca.crt") {
		t.Errorf("an unreadable CA: %v", err)
	}
	n.Send(alert("a"))
	<-one.got
	if err := n.Apply(configFor(two.url)); err != nil {
		t.Fatal(err)
	}
	n.Send(alert("b"))
	if got := <-two.got; got != "POST /api/v2/alerts b" {
		t.Error(got)
	}
	mfs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprint(mfs), one.url) {
		t.Error("an Alertmanager that is gone has metrics")
	}
	select {
	case got := <-one.got:
		t.Errorf("an Alertmanager that is gone got %s", got)
	default:
	}
}

func TestStatuses(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if f := r.URL.Query().Get("filter"); f != `source="kubernetes-event"` {
			t.Errorf("filter %s", f)
		}
		fmt.Fprint(w, `[{"fingerprint":"f1","status":{"state":"suppressed","silencedBy":["s"],"inhibitedBy":[],"mutedBy":[]},"receivers":[{"name":"oncall"}]}]`)
	})
	n := start(t, Options{}, configFor("http://127.0.0.1:1", p.url))
	got, err := n.Statuses(t.Context(), "source", "kubernetes-event")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Status{"f1": {State: "suppressed", SilencedBy: []string{"s"}, InhibitedBy: []string{}, Receivers: []string{"oncall"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if err := n.Apply(configFor()); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Statuses(t.Context(), "source", "x"); err == nil {
		t.Error("nobody was there to ask")
	}
}
