package httpd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func options() Options {
	return Options{
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Flags: Flags{Addresses: []string{"127.0.0.1:0"}, Lifecycle: true},
		Name:  "thing", Description: "A thing.",
		Ready:  func() error { return nil },
		Reload: func(context.Context) error { return nil },
	}
}

// start serves until the test ends and returns a function that does a request.
func start(t *testing.T, o Options) func(method, path string) (int, string) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return running(t, s)
}

func running(t *testing.T, s *Server) func(method, path string) (int, string) {
	t.Helper()
	s.Handle("GET /extra", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "extra") }))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	client := &http.Client{Transport: new(http.Transport)}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return func(method, path string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(method, "http://"+s.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
}

func TestEndpoints(t *testing.T) {
	o := options()
	notReady := errors.New("no list yet")
	badReload := errors.New("c.yml:3: unknown key")
	o.Ready = func() error { return notReady }
	o.Reload = func(context.Context) error { return badReload }
	do := start(t, o)
	for _, tt := range []struct {
		method, path string
		code         int
		has          string
	}{
		{"GET", "/", 200, "A thing."},
		{"GET", "/metrics", 200, "promhttp_metric_handler_requests_total"},
		{"GET", "/-/healthy", 200, "thing is healthy."},
		{"HEAD", "/-/healthy", 200, ""},
		{"GET", "/-/ready", 503, "Not ready: no list yet"},
		{"POST", "/-/reload", 500, "c.yml:3: unknown key"},
		{"GET", "/-/reload", 405, ""},
		{"GET", "/extra", 200, "extra"},
		{"GET", "/nothing", 404, ""},
	} {
		if code, body := do(tt.method, tt.path); code != tt.code || !strings.Contains(body, tt.has) {
			t.Errorf("%s %s: %d %q", tt.method, tt.path, code, body)
		}
	}
}

func TestReloadNeedsTheFlag(t *testing.T) {
	o := options()
	o.Flags.Lifecycle = false
	if code, _ := start(t, o)("POST", "/-/reload"); code != http.StatusForbidden {
		t.Errorf("code %d", code)
	}
}

func TestExternalURLPrefix(t *testing.T) {
	o := options()
	o.Flags.externalURL = "https://host/events/"
	do := start(t, o)
	for _, path := range []string{"/-/ready", "/events/-/ready", "/events/extra", "/extra"} {
		if code, body := do("GET", path); code != 200 {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

// TestPublic: a public server has what is handled, also below the prefix, and
// nothing else, whatever the flags say of the other.
func TestPublic(t *testing.T) {
	f := Flags{externalURL: "https://host/phones", ConfigFile: "none.yml", Lifecycle: true}
	s, err := NewPublic("127.0.0.1:0", &f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	do := running(t, s)
	for path, want := range map[string]int{"/extra": 200, "/phones/extra": 200, "/": 404, "/metrics": 404, "/-/ready": 404, "/phones/": 404} {
		if code, body := do("GET", path); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	s, err := New(options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	o := options()
	o.Flags.Addresses = []string{s.Addr().String()}
	if _, err = New(o); err == nil || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Errorf("error %v", err)
	}
}

func TestBadExternalURL(t *testing.T) {
	for _, u := range []string{"host:80", "/path", "ftp://host", "http://"} {
		f := Flags{externalURL: u}
		if _, err := f.ExternalURL(); err == nil {
			t.Errorf("%q was accepted", u)
		}
	}
}
