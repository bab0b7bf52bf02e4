package watch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/kubebark/kubebark/exporter/kube"
)

// always is an API server that answers lists and watches in the same way for
// ever, and notes when.
type always struct {
	list, watch func() (*http.Response, error)

	mu    sync.Mutex
	asked []time.Time
}

func (a *always) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.asked = append(a.asked, time.Now())
	a.mu.Unlock()
	if r.URL.Query().Get("watch") == "true" {
		return a.watch()
	}
	return a.list()
}

func says(code int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		if len(header) == 2 {
			h.Set(header[0], header[1])
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func refused() (*http.Response, error) { return nil, errors.New("connection refused") }

// TestSpacing has a server that never lets the watcher be: whatever it answers,
// it is asked with growing pauses and not in a hot loop.
func TestSpacing(t *testing.T) {
	empty := says(200, `{"kind":"EventList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`)
	gone := string(statusJSON(410, "Expired", "too old resource version"))
	busy := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","code":429,"details":{"retryAfterSeconds":40}}`
	for _, tt := range []struct {
		name        string
		list, watch func() (*http.Response, error)
		least       time.Duration // between any two requests but those that go before a watch
		most        int           // requests in ten minutes
	}{
		{"nobody there", refused, refused, 0, 40},
		{"no right", says(403, string(statusJSON(403, "Forbidden", "no"))), refused, 0, 40},
		{"lists fail", says(500, string(statusJSON(500, "InternalError", "boom"))), refused, 0, 40},
		{"watches fail", empty, says(500, string(statusJSON(500, "InternalError", "boom"))), 0, 80},
		{"watches end at once", empty, says(200, ""), 0, 40},
		{"watches end in an error", empty, says(200, errorFrame(500, "InternalError", "boom")), 0, 80},
		{"watches are always too old", empty, says(410, gone), 0, 80},
		{"watches are always too old, in the stream", empty, says(200, errorFrame(410, "Expired", "too old")), 0, 80},
		{"too many requests", says(429, "Too many requests, please try again later.", "Retry-After", "40"), refused, 40 * time.Second, 16},
		{"too many requests, as a status", says(429, busy), refused, 40 * time.Second, 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &always{list: tt.list, watch: tt.watch}
				runFor(t, a, 10*time.Minute)
				if n := len(a.asked); n < 10 || n > tt.most {
					t.Errorf("%d requests in ten minutes, want 10 to %d", n, tt.most)
				}
				for i := 1; i < len(a.asked); i++ {
					if d := a.asked[i].Sub(a.asked[i-1]); d < tt.least {
						t.Errorf("request %d came after %s, want %s at least", i, d, tt.least)
					}
				}
			})
		})
	}
}

// TestQuickAfterLong: a watch that has lived is begun anew at once, also when
// there was trouble long before.
func TestQuickAfterLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &always{list: says(200, `{"kind":"EventList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`)}
		n := 0
		a.watch = func() (*http.Response, error) {
			n++
			if n < 8 {
				return refused()
			}
			r, w := io.Pipe()
			time.AfterFunc(5*time.Minute, func() { w.Close() })
			resp, err := says(200, "")()
			resp.Body = r
			return resp, err
		}
		runFor(t, a, time.Hour)
		last := a.asked[len(a.asked)-1].Sub(a.asked[len(a.asked)-2])
		if last != 5*time.Minute {
			t.Errorf("a watch of five minutes was followed after %s", last)
		}
	})
}

// runFor runs a watcher for a time that passes at once.
func runFor(t *testing.T, server http.RoundTripper, d time.Duration) {
	t.Helper()
	c, err := kube.NewClient(kube.Options{Kubeconfig: writeKubeconfig(t, "http://api.invalid")})
	if err != nil {
		t.Fatal(err)
	}
	c.Interface.(*rest.RESTClient).Client = &http.Client{Transport: server}
	reg := prometheus.NewRegistry()
	tk := &taker{done: make(chan struct{})}
	w := New(Options{
		Client: c, ParameterCodec: c.ParameterCodec, Handler: tk,
		Logger: log.NewNopLogger(), Metrics: NewMetrics(reg), Health: NewHealth(reg),
	})
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := w.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}
