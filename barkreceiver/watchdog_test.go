package barkreceiver

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestWatchdog(t *testing.T) {
	f := newFixture(t, twoDevices+"watchdog: {receiver: dead.man, after: 10m, tell: oncall}\n")
	start := time.Now()
	steps := []struct {
		name   string
		life   string // path of a sign of life before it
		status string
		bob    string
		after  time.Duration
		pushed string
		title  string
	}{
		{"at the start", "", "", "", 0, "", ""},
		{"not yet", "", "", "", 9 * time.Minute, "", ""},
		{"down, and nobody can be told", "", "", "429 ", 11 * time.Minute, "", ""},
		{"down, and told", "", "", "", 31 * time.Minute, keyAlice + " " + keyBob, "Alerting is down · test"},
		{"told already", "", "", "", 12 * time.Hour, "", ""},
		{"a watchdog that is resolved is no sign of life", "/webhook", "resolved", "", 12 * time.Hour, "", ""},
		{"back", "/webhook", "firing", "", time.Second, keyAlice + " " + keyBob, "Alerting is back · test"},
		{"still there", "/webhook/dead.man", "firing", "", 2 * time.Second, "", ""},
	}
	for _, s := range steps {
		f.bark.set(keyBob, s.bob)
		f.bark.set(keyAlice, s.bob)
		if s.life != "" {
			body := group(`dead\.man`, s.status, "09:00", "")
			if code, text := f.post(s.life, strings.NewReader(body)); code != 200 || text != "ok\n" {
				t.Errorf("%s: %d %s", s.name, code, text)
			}
		}
		if s.bob == "" { // a reload forgets whom to leave alone
			if _, err := f.Apply(); err != nil {
				t.Fatal(err)
			}
		}
		f.checkWatchdog(t.Context(), start.Add(s.after))
		f.bark.mu.Lock()
		title := ""
		if n := len(f.bark.pushes); n > 0 {
			title = f.bark.pushes[n-1]["title"].(string)
		}
		f.bark.mu.Unlock()
		if keys, _ := f.bark.got(); keys != s.pushed || title != s.title {
			t.Errorf("%s: %q pushed to %q, want %q", s.name, title, keys, s.pushed)
		}
	}
	if n := testutil.ToFloat64(f.metrics.webhooks.WithLabelValues("dead.man", "200")); n != 3 {
		t.Errorf("%v signs of life counted", n)
	}
}

// A process that is started while alerting is down knows that phones were told
// so, and tells them when it is over.
func TestWatchdogAfterRestart(t *testing.T) {
	start := time.Now()
	f := newFixture(t, twoDevices+"watchdog: {receiver: dead, after: 10m, tell: oncall}\n")
	state := filepath.Join(f.dir, "state")
	if err := f.dedup.Keep(state); err != nil {
		t.Fatal(err)
	}
	f.checkWatchdog(t.Context(), start)
	f.checkWatchdog(t.Context(), start.Add(11*time.Minute))
	if keys, _ := f.bark.got(); keys != keyAlice+" "+keyBob {
		t.Errorf("down: pushed to %q", keys)
	}
	restart := func() {
		t.Helper()
		f.state.Load().close()
		o := f.opts
		o.Registerer, o.StateFile = prometheus.NewRegistry(), state
		f.App = New(o)
		if _, err := f.Apply(); err != nil {
			t.Fatal(err)
		}
		f.web = f.Handler()
	}
	restart()
	for _, after := range []time.Duration{time.Second, 20 * time.Minute} {
		f.checkWatchdog(t.Context(), start.Add(after))
		if keys, _ := f.bark.got(); keys != "" {
			t.Errorf("%s after a restart nothing is known that is new: pushed to %q", after, keys)
		}
	}
	f.post("/webhook", strings.NewReader(group("dead", "firing", "09:00", "")))
	f.checkWatchdog(t.Context(), time.Now())
	if keys, _ := f.bark.got(); keys != keyAlice+" "+keyBob {
		t.Errorf("back: pushed to %q", keys)
	}
	restart()
	f.checkWatchdog(t.Context(), time.Now())
	if keys, _ := f.bark.got(); keys != "" {
		t.Errorf("after another restart: pushed to %q", keys)
	}
}
