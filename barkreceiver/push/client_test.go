package push

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// push returns what becomes of a push, a result for each device.
func push(ctx context.Context, c *Client, p *Params, devices []Key) []Result {
	results := make([]Result, len(devices))
	c.Push(ctx, p, devices, func(i int, r Result) { results[i] = r })
	return results
}

// server answers as bark-server does: each device's answer is set, 200 if not.
// It knows nothing of payloads.
type server struct {
	*httptest.Server

	mu       sync.Mutex
	answers  map[string]string // by key: "code message"
	override http.HandlerFunc  // answers everything, if set
	noBatch  string            // answer to a batch, if set
	requests []string          // keys of each, joined
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{answers: map[string]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	var req request
	if err := json.Unmarshal(body, &req); err != nil && r.URL.Path == "/push" {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	keys := req.DeviceKeys
	if req.DeviceKey != "" {
		keys = []string{req.DeviceKey}
	}
	s.requests = append(s.requests, strings.Join(keys, " "))
	if s.override != nil {
		s.override(w, r)
		return
	}
	if len(req.DeviceKeys) > 0 {
		s.answerBatch(w, req.DeviceKeys)
		return
	}
	code, message := s.answer(req.DeviceKey)
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"code":%d,"message":%q,"timestamp":1}`, code, message)
}

func (s *server) answer(key string) (int, string) {
	n, message, _ := strings.Cut(cmp.Or(s.answers[key], "200 success"), " ")
	code, err := strconv.Atoi(n)
	if err != nil {
		return http.StatusTeapot, "the test's answer has no code"
	}
	return code, message
}

func (s *server) answerBatch(w http.ResponseWriter, keys []string) {
	if s.noBatch != "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"code":400,"message":%q,"timestamp":1}`, s.noBatch)
		return
	}
	var items []map[string]any
	for _, k := range keys {
		code, message := s.answer(k)
		items = append(items, map[string]any{"code": code, "device_key": k, "message": message})
	}
	text, err := json.Marshal(map[string]any{"code": 200, "message": "success", "data": items})
	if err != nil {
		text = []byte(err.Error())
	}
	w.Write(text)
}

func (s *server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// seen returns and forgets the requests.
func (s *server) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests
	s.requests = nil
	slices.Sort(r)
	return r
}

func newClient(t testing.TB, url string) (*Client, prometheus.Gauge) {
	t.Helper()
	up := prometheus.NewGauge(prometheus.GaugeOpts{Name: "up", Help: "Up."})
	c, err := New(Options{
		ServerURL: url, HTTP: config.DefaultHTTPClientConfig, Timeout: 5 * time.Second,
		Duration: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "d_seconds", Help: "Duration."}), Up: up,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, up
}

func devices(keys ...string) []Key {
	var ds []Key
	for _, k := range keys {
		ds = append(ds, Key(k))
	}
	return ds
}

func outcomes(rs []Result) string {
	var s []string
	for _, r := range rs {
		o := r.Outcome.String()
		if r.Held {
			o += " (held)"
		}
		s = append(s, o)
	}
	return strings.Join(s, ", ")
}

func TestPushReadsEachDevicesAnswer(t *testing.T) {
	s := newServer(t)
	c, up := newClient(t, s.URL)
	s.answers["b"] = "400 failed to get device token: failed to get [b] device token from database"
	s.answers["c"] = "500 push failed: ServiceUnavailable"
	s.answers["d"] = "500 push failed: PayloadTooLarge"
	rs := push(t.Context(), c, &Params{Title: "t"}, devices("a", "b", "c", "d"))
	if got := outcomes(rs); got != "delivered, refused, retry, refused" {
		t.Error(got)
	}
	if !rs[3].TooLarge || rs[1].TooLarge {
		t.Errorf("too large: %+v", rs)
	}
	if d := gocmp.Diff([]string{"a b c d"}, s.seen()); d != "" {
		t.Errorf("requests (-want +got)\n%s", d)
	}
	if testutil.ToFloat64(up) != 1 {
		t.Error("not up")
	}
	// Who refused or failed is left alone; who has it may get the next.
	rs = push(t.Context(), c, &Params{Title: "t"}, devices("a", "b", "c", "d"))
	if got := outcomes(rs); got != "delivered, refused (held), retry (held), refused" {
		t.Error(got)
	}
	if d := gocmp.Diff([]string{"a d"}, s.seen()); d != "" {
		t.Errorf("requests (-want +got)\n%s", d)
	}
}

func TestPushBatches(t *testing.T) {
	keys := strings.Fields("a b c d e f g h i j k l")
	tens := []string{"a b c d e f g h i j", "k l"}
	for _, tt := range []struct {
		name, noBatch string
		want          []string // requests of a second push, when the server is known
	}{
		{"ten at once", "", tens},
		{"a server that takes five", "batch push count exceeds the maximum limit: 5", []string{"a b c d e", "f g h i j", "k l"}},
		{"a server that takes one", "batch push count exceeds the maximum limit: 1", keys},
		{"a server that knows no batches", "device key is empty", keys},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.set(func() { s.noBatch = tt.noBatch })
			c, _ := newClient(t, s.URL)
			first := outcomes(push(t.Context(), c, &Params{}, devices(keys...)))
			if strings.Count(first, "delivered") != len(keys) {
				t.Errorf("first: %s", first)
			}
			s.seen()
			s.set(func() { s.noBatch = "" }) // smaller ones it takes
			push(t.Context(), c, &Params{}, devices(keys...))
			if d := gocmp.Diff(tt.want, s.seen()); d != "" {
				t.Errorf("second (-want +got)\n%s", d)
			}
		})
	}
}
