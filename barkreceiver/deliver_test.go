package barkreceiver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func newRecorder(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
	return w
}

// Each step is a message; pushed says which devices get one.
func TestNoSecondRing(t *testing.T) {
	const both = keyAlice + " " + keyBob
	firing := func(reason string) string { return group("oncall", "firing", "09:00", reason) }
	type step struct {
		name, body, bob string
		code            int
		pushed          string
	}
	f := newFixture(t, twoDevices)
	for _, s := range []step{
		{"first, and bob's push fails", firing("first notification"), "500 push failed: PayloadTooLarge", 200, keyAlice},
		{"again", firing("first notification"), "", 200, keyBob},
		{"a lost answer", firing("first notification"), "", 200, ""},
		{"repeat_interval", firing("repeat interval elapsed"), "", 200, both},
		{"the other Alertmanager's", firing("repeat interval elapsed"), "", 200, ""},
		{"resolved", group("oncall", "resolved", "09:00", "all alerts resolved"), "", 200, both},
		{"a retry of that", group("oncall", "resolved", "09:00", "all alerts resolved"), "", 200, ""},
		{"the other Alertmanager's, of what was so before", firing("first notification"), "", 409, ""},
		{"fires anew", group("oncall", "firing", "10:00", "first notification"), "", 200, both},
		{"the other Alertmanager's, with its own time", strings.Replace(group("oncall", "firing", "10:00", "first notification"), "T10:00:00Z", "T10:00:01.5Z", 1), "", 200, ""},
		{"fires once more, and nobody told of the end", group("oncall", "firing", "10:30", "first notification"), "", 200, both},
	} {
		f.bark.set(keyBob, s.bob)
		code, text := f.post("/webhook", strings.NewReader(s.body))
		if keys, _ := f.bark.got(); code != s.code || keys != s.pushed {
			t.Errorf("%s: answer %d %q, pushed to %q, want %q", s.name, code, text, keys, s.pushed)
		}
	}
}

// What tells of nothing new that fires takes the old one's place quietly.
func TestNoSoundWithoutNews(t *testing.T) {
	f := newFixture(t, twoDevices)
	two := `{"version":"4","groupKey":"{}:{}","receiver":"oncall","status":"firing","alerts":[
		{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-11-25T09:00:00Z","fingerprint":"1"},
		{"status":"firing","labels":{"alertname":"B"},"startsAt":"2026-11-25T09:00:00Z","fingerprint":"2"}]}`
	for _, s := range []struct{ body, level string }{
		{two, "active"},
		{strings.Replace(two, `{"status":"firing","labels":{"alertname":"B"}`, `{"status":"resolved","labels":{"alertname":"B"}`, 1), "passive"},
		{strings.Replace(two, `"fingerprint":"2"`, `"fingerprint":"3"`, 1), "active"},
	} {
		if code, text := f.post("/webhook", strings.NewReader(s.body)); code != http.StatusOK {
			t.Error(code, text)
		}
		for _, p := range f.bark.pushes {
			if p["level"] != s.level {
				t.Errorf("%v, want level %s", p, s.level)
			}
		}
		if keys, _ := f.bark.got(); keys != keyAlice+" "+keyBob {
			t.Errorf("pushed to %q", keys)
		}
	}
}

// Two Alertmanagers bring the same at once.
func TestPairAtOnce(t *testing.T) {
	f := newFixture(t, twoDevices)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if code, text := f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", "first notification"))); code != http.StatusOK {
				t.Errorf("%d %s", code, text)
			}
		})
	}
	wg.Wait()
	if keys, asked := f.bark.got(); keys != keyAlice+" "+keyBob || asked != 2 {
		t.Errorf("%d devices pushed to", asked)
	}
}

func TestRefusedKeyIsNotHammered(t *testing.T) {
	f := newFixture(t, strings.Replace(twoDevices, "{name: alice, key_file: alice}, ", "", 1))
	f.bark.set(keyBob, unknownKey)
	for i := range 10 {
		code, text := f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", "")))
		if code != http.StatusUnprocessableEntity {
			t.Errorf("message %d: %d %s", i, code, text)
		}
	}
	if _, asked := f.bark.got(); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	// A new key in the file is tried as soon as it is loaded.
	f.write(t, "bob", "MendedKey\n")
	if _, err := f.Apply(); err != nil {
		t.Fatal(err)
	}
	if code, text := f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", ""))); code != http.StatusOK {
		t.Errorf("after mending: %d %s", code, text)
	}
}

func TestFailingServerIsNotHammered(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.bark.set(keyAlice, "503 ")
	f.bark.set(keyBob, "503 ")
	for range 10 {
		if code, _ := f.post("/webhook/quiet", strings.NewReader(group("quiet", "firing", "09:00", ""))); code != http.StatusServiceUnavailable {
			t.Errorf("%d", code)
		}
	}
	if _, asked := f.bark.got(); asked > 2 {
		t.Errorf("asked %d times", asked)
	}
}

func TestReloadKeepsTheOldOnAFault(t *testing.T) {
	f := newFixture(t, twoDevices)
	before := f.state.Load()
	f.write(t, "c.yml", "receivers: []")
	if files, err := f.Apply(); err == nil || len(files) == 0 {
		t.Errorf("files %v, error %v", files, err)
	}
	if f.state.Load() != before {
		t.Error("the state has changed")
	}
	if code, text := f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", ""))); code != http.StatusOK {
		t.Errorf("%d %s", code, text)
	}
}

// What is under way is finished though Alertmanager hangs up and the program
// is told to end, and who has the push is not pushed to again.
func TestDrain(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.bark.hold = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() {
		defer close(served)
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhook", strings.NewReader(group("oncall", "firing", "09:00", "")))
		f.web.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-f.bark.arrived
	cancel()
	stopped := make(chan error)
	go func() { stopped <- f.Run(ctx) }()
	close(f.bark.hold)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	<-served
	if keys, _ := f.bark.got(); keys != keyAlice+" "+keyBob {
		t.Error("the push was given up")
	}
	if code, _ := f.post("/webhook", strings.NewReader(group("oncall", "firing", "09:00", ""))); code != http.StatusOK {
		t.Error(code)
	}
	if keys, _ := f.bark.got(); keys != "" {
		t.Error("a second ring")
	}
}

// What devices were told is known after a restart.
func TestRestart(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.opts.StateFile = filepath.Join(f.dir, "state")
	if err := f.dedup.Keep(f.opts.StateFile); err != nil {
		t.Fatal(err)
	}
	message := group("oncall", "firing", "09:00", "")
	if code, text := f.post("/webhook", strings.NewReader(message)); code != http.StatusOK {
		t.Fatal(code, text)
	}
	f.bark.got()
	o := f.opts // the first one never ends in good order
	o.Registerer = prometheus.NewRegistry()
	next := New(o)
	if _, err := next.Apply(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := next.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	w := httptest.NewRecorder()
	next.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(message)))
	if keys, _ := f.bark.got(); w.Code != http.StatusOK || keys != "" {
		t.Errorf("%d %s, pushed to %q", w.Code, w.Body, keys)
	}
	text, err := os.ReadFile(o.StateFile)
	if err != nil {
		t.Fatal(err)
	}
	f.wantNoSecrets(t, string(text))
}

// A slow server fills the places; who finds none is sent away, and memory
// does not grow with who waits.
func TestSlowServer(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.turns = make(chan struct{}, 3)
	f.bark.hold = make(chan struct{})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			body := strings.Replace(group("quiet", "firing", "09:00", ""), "{}:", strings.Repeat("{}", i+1)+":", 1)
			if code, text := f.post("/webhook", strings.NewReader(body)); code != http.StatusOK {
				t.Errorf("%d %s", code, text)
			}
		})
	}
	for range 3 {
		<-f.bark.arrived
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	f.web.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhook", strings.NewReader(group("oncall", "firing", "09:00", ""))))
	if w.Code != http.StatusServiceUnavailable || testutil.ToFloat64(f.metrics.busy) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	close(f.bark.hold)
	wg.Wait()
}

// However many come, no more than there is room for are let in.
func TestCrowd(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.here, f.turns = make(chan struct{}, 20), make(chan struct{}, 3)
	f.bark.hold = make(chan struct{})
	var inside sync.WaitGroup
	answers := make(chan int, 100)
	for i := range 100 {
		inside.Go(func() {
			body := strings.Replace(group("quiet", "firing", "09:00", ""), "{}:", strings.Repeat("{}", i+1)+":", 1)
			code, _ := f.post("/webhook", strings.NewReader(body))
			answers <- code
		})
	}
	for range 80 {
		if code := <-answers; code != http.StatusServiceUnavailable {
			t.Errorf("%d with no room left", code)
		}
	}
	if n := testutil.ToFloat64(f.metrics.busy); n != 80 {
		t.Errorf("%v were turned away", n)
	}
	close(f.bark.hold)
	inside.Wait()
	for range 20 {
		if code := <-answers; code != http.StatusOK {
			t.Errorf("%d with room", code)
		}
	}
}

func TestSendTest(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.bark.set(keyBob, unknownKey)
	c := f.state.Load().config
	lines, ok, err := SendTest(t.Context(), c, c.Receivers[0], "T", strings.Repeat("long ", 2000))
	if err != nil || ok || len(lines) != 2 || lines[0] != "alice: delivered" || !strings.HasPrefix(lines[1], "bob: refused") {
		t.Errorf("%q %v %v", lines, ok, err)
	}
	f.wantNoSecrets(t, lines...)
}
