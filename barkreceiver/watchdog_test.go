package barkreceiver

import (
	"strings"
	"testing"
	"time"

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
