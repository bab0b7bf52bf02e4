package barkreceiver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/barkreceiver/config"
)

// withFallback has bob at another server, for when alice cannot be told.
const withFallback = `
source: test
bark:
  server_url: SERVER
  servers: {other: {server_url: OTHER}}
receivers:
  - name: oncall
    devices: [{name: alice, key_file: alice}]
    fallback: {receiver: backup, after: AFTER}
  - name: backup
    server: other
    resolved: RESOLVED
    devices: [{name: bob, key_file: bob}]
`

func newFallbackFixture(t *testing.T, after, resolved string) (f *fixture, other *bark) {
	t.Helper()
	other = newBark(t)
	return newFixture(t, strings.NewReplacer("OTHER", other.URL, "AFTER", after, "RESOLVED", resolved).Replace(withFallback)), other
}

// Each step is a message; alice and bob say which of them is pushed to.
func TestFallbackForGood(t *testing.T) {
	for _, resolved := range []string{"update", "delete", "new", "none"} {
		t.Run(resolved, func(t *testing.T) {
			f, other := newFallbackFixture(t, "1h", resolved)
			firing := func(starts string) string { return group("oncall", "firing", starts, "") }
			over := func(starts string) string { return group("oncall", "resolved", starts, "all alerts resolved") }
			for _, s := range []struct {
				name, body, answer string
				code               int
				alice, bob         bool
			}{
				{"all is well", firing("08:00"), "", 200, true, false},
				{"alice's key is unknown", firing("09:00"), unknownKey, 200, false, true},
				{"again", firing("09:00"), unknownKey, 200, false, false},
				{"alice's key is mended: bob hears of the same trouble yet", firing("09:30"), "", 200, true, true},
				{"until it is over", over("09:30"), "", 200, true, resolved != "none"},
				{"the next is alice's alone", firing("10:00"), "", 200, true, false},
			} {
				f.bark.set(keyAlice, s.answer)
				if s.answer == "" {
					if _, err := f.Apply(); err != nil { // tries refused keys at once
						t.Fatal(err)
					}
				}
				code, text := f.post("/webhook", strings.NewReader(s.body))
				alice, _ := f.bark.got()
				bob, _ := other.got()
				if code != s.code || (alice != "") != s.alice || (bob != "") != s.bob {
					t.Errorf("%s: %d %q, alice %q, bob %q", s.name, code, text, alice, bob)
				}
				f.wantNoSecrets(t, text)
			}
			if n := testutil.ToFloat64(f.metrics.fallbacks.WithLabelValues("oncall")); n < 3 {
				t.Errorf("counted %v", n)
			}
		})
	}
}

// While a server may come back, Alertmanager keeps trying, though the fallback
// has the push.
func TestFallbackWhileServerFails(t *testing.T) {
	f, other := newFallbackFixture(t, "0s", "update")
	f.bark.set(keyAlice, "503 ")
	for i, want := range []string{keyBob, "", ""} {
		code, text := f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", "")))
		if got, _ := other.got(); code != http.StatusServiceUnavailable || got != want || !strings.Contains(text, "fallback backup, bob: ") {
			t.Errorf("message %d: %d %q, bob got %q", i, code, text, got)
		}
	}
	// Where both servers fail, both are tried again.
	other.set(keyBob, "503 ")
	if code, text := f.post("/webhook", strings.NewReader(group("oncall", "firing", "10:00", ""))); code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", code, text)
	}
}

func TestFallbackWaits(t *testing.T) {
	f, other := newFallbackFixture(t, "5m", "update")
	f.bark.set(keyAlice, "503 ")
	message := func() string { return group("oncall", "firing", "09:00", "") }
	if code, _ := f.post("/webhook", strings.NewReader(message())); code != http.StatusServiceUnavailable {
		t.Error(code)
	}
	if got, _ := other.got(); got != "" {
		t.Error("the fallback was told at once")
	}
	if _, err := f.Apply(); err != nil { // which makes no new beginning of it
		t.Fatal(err)
	}
	f.failing.outages["oncall"] = outage{time.Now().Add(-6 * time.Minute), time.Now().Add(-time.Minute)}
	if code, _ := f.post("/webhook", strings.NewReader(message())); code != http.StatusServiceUnavailable {
		t.Error(code)
	}
	if got, _ := other.got(); got != keyBob {
		t.Errorf("after 6 minutes the fallback got %q", got)
	}
}

func TestFailing(t *testing.T) {
	var f failing
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	for _, s := range []struct {
		minute, since int
		over          bool
		what          string
	}{
		{0, 0, false, "the first"},
		{4, 0, false, "again"},
		{13, 0, false, "again, after a group_interval"},
		{30, 30, false, "another, long after"},
		{34, 34, true, "another, after one that got through"},
		{35, 34, false, "again"},
	} {
		if s.over {
			f.over("oncall")
		}
		if got := f.note("oncall", 5*time.Minute, at(s.minute)); !got.Equal(at(s.since)) {
			t.Errorf("%s: failing since %s, want %s", s.what, got, at(s.since))
		}
	}
	f.note("gone", time.Minute, noon())
	f.only([]*config.Receiver{{Name: "oncall"}})
	if len(f.outages) != 1 {
		t.Errorf("remembered: %v", f.outages)
	}
}

// The watchdog's news go to the fallback too, and both servers are watched.
func TestFallbackOfWatchdog(t *testing.T) {
	other := newBark(t)
	text := strings.NewReplacer("OTHER", other.URL, "AFTER", "0s", "RESOLVED", "update").Replace(withFallback)
	f := newFixture(t, text+"watchdog: {receiver: watchdog, after: 5m, tell: oncall}\n")
	f.bark.set(keyAlice, unknownKey)
	f.checkWatchdog(t.Context(), time.Now())
	f.checkWatchdog(t.Context(), time.Now().Add(time.Hour))
	if got, _ := other.got(); got != keyBob {
		t.Errorf("the fallback got %q", got)
	}
	f.state.Load().ping(t.Context())
	for _, b := range []*bark{f.bark, other} {
		if up := testutil.ToFloat64(f.metrics.up.WithLabelValues(b.URL)); up != 1 {
			t.Errorf("%s: up %v", b.URL, up)
		}
	}
	f.write(t, "c.yml", strings.ReplaceAll(twoDevices, "SERVER", f.bark.URL))
	if _, err := f.Apply(); err != nil {
		t.Fatal(err)
	}
	if n := testutil.CollectAndCount(f.metrics.up); n != 1 {
		t.Errorf("%d servers have a metric", n)
	}
}
