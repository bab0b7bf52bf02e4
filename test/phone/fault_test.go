package phone_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

func TestDeviceFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault     *phone.Fault
		code      int
		text      string
		delivered bool
	}{
		"apns":        {phone.APNs("ServiceUnavailable"), 500, `"push failed: ServiceUnavailable"`, false},
		"unreachable": {phone.Unreachable(), 500, `push failed: Post \"https://api.push.apple.com/3/device/alice-token\": dial tcp`, false},
		"any":         {&phone.Fault{Code: 429, Message: "slow down"}, 429, `"slow down"`, false},
		"late":        {&phone.Fault{Delay: time.Millisecond}, 200, `"success"`, true},
		"but arrived": {&phone.Fault{Code: 500, Message: "m", Deliver: true}, 500, `"m"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, phone.Options{})
			l.alice.Fail(c.fault)
			res, body := l.do(t, jsonPush(t, to("body", "b")))
			if res.StatusCode != c.code || !strings.Contains(body, c.text) {
				t.Errorf("got %d %s, want %d and %s", res.StatusCode, body, c.code, c.text)
			}
			if got := l.alice.State().Received == 1; got != c.delivered {
				t.Errorf("reached the phone: %v", got)
			}
			l.push(t, map[string]any{"device_key": bobKey, "body": "b"}) // others are well
			l.alice.Fail(nil)
			l.push(t, to("body", "b"))
		})
	}
}

func TestFaultTimes(t *testing.T) {
	l := newLab(t, phone.Options{})
	f := phone.APNs("TooManyRequests")
	f.Times = 2
	l.alice.Fail(f)
	for i, want := range []int{500, 500, 200} {
		if res, _ := l.do(t, jsonPush(t, to("body", "b"))); res.StatusCode != want {
			t.Errorf("request %d: %d, want %d", i+1, res.StatusCode, want)
		}
	}
}

func TestProxyFault(t *testing.T) {
	l := newLab(t, phone.Options{User: "u", Password: "p"})
	l.Fail(phone.Proxy(503, "7"))
	res, body := l.do(t, jsonPush(t, to("body", "b")))
	if res.StatusCode != http.StatusServiceUnavailable || body != "Service Unavailable" || res.Header.Get("Retry-After") != "7" {
		t.Errorf("got %d %q, Retry-After %q", res.StatusCode, body, res.Header.Get("Retry-After"))
	}
}

func TestDrop(t *testing.T) {
	l := newLab(t, phone.Options{})
	for name, set := range map[string]func(*phone.Fault){"server": l.Fail, "device": l.alice.Fail} {
		t.Run(name, func(t *testing.T) {
			set(&phone.Fault{Drop: true})
			defer set(nil)
			if res, err := l.try(t.Context(), t); err == nil {
				res.Body.Close()
				t.Errorf("got %s instead of a cut connection", res.Status)
			}
			reqs := l.alice.Requests()
			if name == "device" && reqs[len(reqs)-1].Status != -1 {
				t.Errorf("recorded as %d", reqs[len(reqs)-1].Status)
			}
		})
	}
}

// A push that hangs is seen while it hangs, and may arrive after its sender
// has given up.
func TestHold(t *testing.T) {
	l := newLab(t, phone.Options{})
	release := make(chan struct{})
	l.alice.Fail(&phone.Fault{Hold: release, Deliver: true})
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	failed := make(chan error, 1)
	go func() {
		res, err := l.try(ctx, t)
		if err == nil {
			res.Body.Close()
		}
		failed <- err
	}()
	wait(t, l.alice, func(s phone.State) bool { return s.Received == 1 })
	if reqs := l.alice.Requests(); len(reqs) != 1 || reqs[0].Status != 0 {
		t.Errorf("while it hangs: %+v", reqs)
	}
	giveUp()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("sender's error: %v", err)
	}
	close(release)
	l.push(t, to("body", "b"))
}

// try sends one push and returns whatever comes.
func (l lab) try(ctx context.Context, t *testing.T) (*http.Response, error) {
	c := jsonPush(t, to("body", "b"))
	req, err := http.NewRequestWithContext(ctx, c.method, l.url+c.path, strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", c.media)
	tr := &http.Transport{DisableKeepAlives: true} // no second try on an old connection
	return tr.RoundTrip(req)
}

// wait fails the test if the phone does not come to what ok wants.
func wait(t *testing.T, d *phone.Device, ok func(phone.State) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if s, err := d.Wait(ctx, ok); err != nil {
		t.Fatalf("%v; the phone: %+v", err, s)
	}
}

func TestRequestsAreRaw(t *testing.T) {
	l := newLab(t, phone.Options{})
	c := jsonPush(t, to("body", "b", "x", 1))
	c.header = http.Header{"X-Test": {"yes"}}
	l.do(t, c)
	l.do(t, call{method: "GET", path: "/nobody/b"})
	reqs := l.alice.Requests()
	if len(reqs) != 1 || len(l.Requests()) != 2 {
		t.Fatalf("%d requests for Alice, %d in all; want 1 and 2", len(reqs), len(l.Requests()))
	}
	r := reqs[0]
	if string(r.Body) != c.body || r.Method != http.MethodPost || r.Path != "/push" || r.Header.Get("X-Test") != "yes" || r.Status != 200 {
		t.Errorf("recorded %+v", r)
	}
	if !strings.Contains(string(r.Answer), `"success"`) || r.Params["x"] != 1.0 {
		t.Errorf("recorded answer %s, params %v", r.Answer, r.Params)
	}
}
