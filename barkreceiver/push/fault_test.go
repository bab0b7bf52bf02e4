package push

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestPushFaults(t *testing.T) {
	answer := func(code int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			w.Write([]byte(text))
		}
	}
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
	}
	for _, tt := range []struct {
		name   string
		h      http.HandlerFunc
		want   string
		detail string
		up     float64
	}{
		{"bad credentials", answer(418, "I'm a teapot"), "refused", "HTTP 418: I'm a teapot", 1},
		{"a proxy without its server", answer(502, "<html>Bad Gateway</html>"), "retry", "HTTP 502", 0},
		{"hangs up", hangUp, "retry", "EOF", 0},
		{"another program", answer(200, "<html>Welcome</html>"), "retry", "not bark-server's", 0},
		{"a wrong path", answer(404, `{"code":404,"message":"Cannot POST /push"}`), "refused", "Cannot POST /push", 1},
		{"an endless answer", answer(500, strings.Repeat("x", 3<<20)), "retry", "HTTP 500: xxx", 0},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere/push", http.StatusMovedPermanently)
		}, "refused", "a redirect to https://elsewhere/push; use that as server_url", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.override = tt.h
			c, up := newClient(t, s.URL)
			rs := push(t.Context(), c, &Params{}, devices("a"))
			if got := outcomes(rs); got != tt.want || !strings.Contains(rs[0].Detail, tt.detail) {
				t.Errorf("%s (%s)", got, rs[0].Detail)
			}
			if got := testutil.ToFloat64(up); got != tt.up {
				t.Errorf("up %v", got)
			}
		})
	}
}

func TestPushToNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	c, up := newClient(t, url)
	up.Set(1)
	rs := push(t.Context(), c, &Params{}, devices("a", "b"))
	if got := outcomes(rs); got != "retry, retry" || testutil.ToFloat64(up) != 0 {
		t.Errorf("%s, up %v", got, testutil.ToFloat64(up))
	}
	up.Set(1)
	c.Ping(t.Context())
	if testutil.ToFloat64(up) != 0 {
		t.Error("up without a server")
	}
}

// A batch with one device's key wrong in the answer must not take that
// device's push for delivered.
func TestPushDistrustsAnAnswerThatFitsNot(t *testing.T) {
	s := newServer(t)
	s.override = func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"code":200,"message":"success","data":[{"code":200,"device_key":"a"},{"code":200,"device_key":"x"}]}`))
	}
	c, _ := newClient(t, s.URL)
	if got := outcomes(push(t.Context(), c, &Params{}, devices("a", "b", "c"))); got != "delivered, retry, retry" {
		t.Error(got)
	}
}

func TestPushOfACallerWhoIsGone(t *testing.T) {
	s := newServer(t)
	c, _ := newClient(t, s.URL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := outcomes(push(ctx, c, &Params{}, devices("a"))); !strings.HasPrefix(got, "retry") {
		t.Error(got)
	}
	// It was not the server's fault, so the next is sent.
	if got := outcomes(push(t.Context(), c, &Params{}, devices("a"))); got != "delivered" {
		t.Error(got)
	}
}

func TestPauses(t *testing.T) {
	refusal, failure := answer{outcome: Refused, scope: ofDevice}, answer{outcome: Retry, scope: ofServer}
	delivered := answer{outcome: Delivered}
	for _, tt := range []struct {
		name  string
		a     answer
		asked time.Duration
		// for how long device a, and any other, is left alone
		self, other [2]time.Duration
	}{
		{"a refused key is probed", refusal, 0, [2]time.Duration{probeInterval, probeInterval}, [2]time.Duration{}},
		{"a server that fails", failure, 0, [2]time.Duration{500 * time.Millisecond, time.Second}, [2]time.Duration{500 * time.Millisecond, time.Second}},
		{"Retry-After", failure, time.Minute, [2]time.Duration{time.Minute, time.Minute}, [2]time.Duration{time.Minute, time.Minute}},
		{"an absurd Retry-After", failure, 24 * time.Hour, [2]time.Duration{maxAsked, maxAsked}, [2]time.Duration{maxAsked, maxAsked}},
		{"a device that Apple throttles", answer{outcome: Retry, scope: ofDevice}, 0, [2]time.Duration{500 * time.Millisecond, time.Second}, [2]time.Duration{}},
		{"a server's expired token", answer{outcome: Retry, scope: ofServer, slow: true}, 0, [2]time.Duration{slowPause, slowPause}, [2]time.Duration{slowPause, slowPause}},
		{"a push that is at fault", answer{outcome: Refused, scope: ofMessage}, 0, [2]time.Duration{}, [2]time.Duration{}},
		{"delivered", delivered, 0, [2]time.Duration{}, [2]time.Duration{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := pauses{keys: map[Key]pause{}}
			now := time.Unix(1e9, 0)
			p.note("a", tt.a, Result{}, tt.asked, now)
			for key, want := range map[Key][2]time.Duration{"a": tt.self, "b": tt.other} {
				if _, held := p.check(key, now.Add(want[0]-1)); !held && want[0] > 0 {
					t.Errorf("%#v asked before %s", string(key), want[0])
				}
				if _, held := p.check(key, now.Add(want[1]+1)); held {
					t.Errorf("%#v not asked after %s", string(key), want[1])
				}
			}
			p.note("a", delivered, Result{}, 0, now)
			if _, held := p.check("a", now); held {
				t.Error("still left alone after a success")
			}
		})
	}
}

func TestPausesGrow(t *testing.T) {
	p := pauses{keys: map[Key]pause{}}
	now := time.Unix(1e9, 0)
	var first, last time.Duration
	for range 20 {
		p.note("a", answer{outcome: Retry, scope: ofServer}, Result{}, 0, now)
		until := p.server.until
		p.note("b", answer{outcome: Retry, scope: ofServer}, Result{}, 0, now) // was under way, too
		if !p.server.until.Equal(until) {
			t.Error("one failure counts twice")
		}
		last, now = until.Sub(now), until
		first = cmp.Or(first, last)
	}
	if first > firstPause || last < maxPause/2 || last > maxPause {
		t.Errorf("pauses from %s to %s", first, last)
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for _, tt := range []struct {
			in   string
			want time.Duration
		}{
			{"", 0},
			{"7", 7 * time.Second},
			{"-1", 0},
			{"soon", 0},
			{"99999999999", maxAsked},
			{"9999999", maxAsked},
			{now.Add(90 * time.Second).UTC().Format(http.TimeFormat), 90 * time.Second},
			{now.Add(-time.Hour).UTC().Format(http.TimeFormat), 0},
		} {
			got := retryAfter(http.Header{"Retry-After": {tt.in}}, now)
			if got.Round(time.Second) != tt.want {
				t.Errorf("%q: %s", tt.in, got)
			}
		}
	})
}
