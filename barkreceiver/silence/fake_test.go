package silence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// api has Alertmanager's alerts and silences. It mutes nothing.
type api struct {
	mu       sync.Mutex
	alerts   []apiAlert
	silences []apiSilence
	expired  []string
	broken   string // method that fails
	calls    []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, r.Method)
	if r.Method == a.broken {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /api/v2/alerts":
		write(w, a.alerts)
	case "GET /api/v2/silences":
		write(w, a.silences)
	case "POST /api/v2/silences":
		var s apiSilence
		if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.ID = fmt.Sprint("id", len(a.silences))
		a.silences = append(a.silences, s)
		write(w, map[string]string{"silenceID": s.ID})
	default:
		a.expired = append(a.expired, strings.TrimPrefix(r.URL.Path, "/api/v2/silence/"))
	}
}

func write(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		text = []byte(err.Error())
	}
	w.Write(text)
}

// fixture is a handler with its Alertmanager.
type fixture struct {
	*Handler
	api *api
}

func newFixture(t testing.TB, language string) *fixture {
	t.Helper()
	f := &fixture{api: new(api)}
	server := httptest.NewServer(f.api)
	t.Cleanup(server.Close)
	var err error
	f.Handler, err = New(Options{
		Logger: log.NewNopLogger(), AlertmanagerURL: server.URL, HTTP: config.DefaultHTTPClientConfig,
		Secret: []byte("0123456789abcdef"), TTL: time.Hour, ExternalURL: "https://phones.example.org/bark",
		Location: time.UTC, Language: language,
		Created: prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "C."}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func alert(n int, pairs ...string) apiAlert {
	a := apiAlert{Fingerprint: fmt.Sprintf("%016x", n), Labels: labels{}}
	for i := 0; i < len(pairs); i += 2 {
		a.Labels[pairs[i]] = pairs[i+1]
	}
	return a
}

// link returns the token of a link for alerts of the API.
func (f *fixture) link(t testing.TB, now time.Time, alerts ...apiAlert) string {
	t.Helper()
	var pushed []template.Alert
	for _, a := range alerts {
		pushed = append(pushed, template.Alert{Fingerprint: a.Fingerprint})
	}
	s, err := f.Link("oncall", pushed, now)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s)
	if err != nil || u.Host != "phones.example.org" || u.Path != "/bark/silence" {
		t.Fatalf("link %s, %v", s, err)
	}
	return u.Query().Get("t")
}

func (f *fixture) get(token string) (code int, page string) {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path+"?t="+url.QueryEscape(token), http.NoBody))
	return w.Code, w.Body.String()
}

func (f *fixture) post(form url.Values) (code int, page string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	f.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

var hidden = regexp.MustCompile(`name="(t|undo)" value="([^"]+)"`)

// field returns the page's hidden field of that name.
func field(t *testing.T, page, name string) string {
	t.Helper()
	m := hidden.FindStringSubmatch(page)
	if len(m) < 3 || m[1] != name {
		t.Fatalf("no field %s in %s", name, page)
	}
	return m[2]
}

// canned answers everything alike, without a network.
type canned struct {
	status int
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Body: io.NopCloser(bytes.NewReader(c.body)), Request: r}, nil
}
