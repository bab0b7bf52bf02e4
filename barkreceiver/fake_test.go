package barkreceiver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// Device keys of tests; none may ever be seen but by the server.
const (
	keyAlice = "CanaryKeyOfAlice000001"
	keyBob   = "CanaryKeyOfBob00000002"
)

// bark answers as bark-server does. What it does not do is to look at what is
// pushed.
type bark struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]string // by key: "code message"; 200 if not set
	pushes  []map[string]any  // delivered ones, one for each device
	asked   int               // devices that it was asked about
	hold    chan struct{}     // if set, answers wait for its closing
	arrived chan struct{}     // gets a value for each request
}

func newBark(t testing.TB) *bark {
	t.Helper()
	b := &bark{answers: map[string]string{}, arrived: make(chan struct{}, 10_000)}
	b.Server = httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(b.Close)
	return b
}

func (b *bark) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		return
	}
	var p map[string]any
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	b.mu.Lock()
	hold := b.hold
	b.mu.Unlock()
	if b.arrived != nil {
		b.arrived <- struct{}{}
	}
	if hold != nil {
		<-hold
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if keys, ok := p["device_keys"].([]any); ok {
		var items []map[string]any
		for _, k := range keys {
			code, message := b.push(k.(string), p)
			items = append(items, map[string]any{"code": code, "device_key": k, "message": message})
		}
		writeJSON(w, map[string]any{"code": 200, "message": "success", "data": items})
		return
	}
	code, message := b.push(p["device_key"].(string), p)
	w.WriteHeader(code)
	writeJSON(w, map[string]any{"code": code, "message": message})
}

func writeJSON(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte(err.Error())
	}
	w.Write(text)
}

func (b *bark) push(key string, p map[string]any) (int, string) {
	b.asked++
	n, message, _ := strings.Cut(cmp.Or(b.answers[key], "200 success"), " ")
	code, err := strconv.Atoi(n)
	if err != nil {
		return http.StatusTeapot, "the test's answer has no code"
	}
	if code == http.StatusOK {
		p = map[string]any{"key": key, "title": p["title"], "id": p["id"], "body": p["body"], "level": p["level"]}
		b.pushes = append(b.pushes, p)
	}
	return code, message
}

func (b *bark) set(key, answer string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[key] = answer
}

// got returns and forgets who was pushed to, and how many were asked about.
func (b *bark) got() (keys string, asked int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, p := range b.pushes {
		all = append(all, p["key"].(string))
	}
	slices.Sort(all)
	asked = b.asked
	b.pushes, b.asked = nil, 0
	return strings.Join(all, " "), asked
}

// fixture is an app with its bark-server.
type fixture struct {
	*App
	bark *bark
	reg  *prometheus.Registry
	log  *bytes.Buffer
	dir  string
	web  http.Handler
}

const twoDevices = `
source: test
bark: {server_url: 'SERVER', timeout: 5s}
receivers:
  - name: oncall
    devices: [{name: alice, key_file: alice}, {name: bob, key_file: bob}]
  - name: quiet
    resolved: none
    devices: [{name: alice, key_file: alice}]
`

func newFixture(t testing.TB, config string) *fixture {
	t.Helper()
	f := &fixture{bark: newBark(t), reg: prometheus.NewPedanticRegistry(), log: new(bytes.Buffer), dir: t.TempDir()}
	f.write(t, "alice", keyAlice+"\n")
	f.write(t, "bob", keyBob+"\n")
	f.write(t, "c.yml", strings.ReplaceAll(config, "SERVER", f.bark.URL))
	f.App = New(Options{
		ConfigFile: filepath.Join(f.dir, "c.yml"), Registerer: f.reg,
		Logger: log.NewLogfmtLogger(log.NewSyncWriter(f.log)),
	})
	if _, err := f.Apply(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.state.Load().close() })
	f.web = f.Handler()
	return f
}

func (f *fixture) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// post sends a webhook body and returns the answer.
func (f *fixture) post(path string, body io.Reader) (code int, text string) {
	w := httptest.NewRecorder()
	f.web.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, body))
	return w.Code, w.Body.String()
}

// group is a webhook message of one alert.
func group(receiver, status, starts, reason string) string {
	return fmt.Sprintf(`{"version":"4","groupKey":"{}:{alertname=\"A\"}","receiver":%q,"status":%q,"notification_reason":%q,
		"groupLabels":{"alertname":"A"},"commonLabels":{"alertname":"A","severity":"warning"},"externalURL":"http://am",
		"alerts":[{"status":%[2]q,"labels":{"alertname":"A","severity":"warning"},"annotations":{"summary":"It is so."},
		"startsAt":"2026-11-25T%[4]s:00Z","endsAt":"0001-01-01T00:00:00Z","fingerprint":"1"}]}`, receiver, status, reason, starts)
}
