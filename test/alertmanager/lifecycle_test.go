package alertmanager_test

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/alertmanager"
)

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	return do(t, http.MethodGet, url)
}

func do(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestEndpoints(t *testing.T) {
	h := newHook(t)
	for _, tt := range []struct{ name, external string }{
		{"root", ""},
		{"prefix", "https://alerts.example/am/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			am, c := start(t, configuration(h, ""), alertmanager.Options{ExternalURL: tt.external})
			for path, want := range map[string]string{
				"/-/ready":       "OK",
				"/-/healthy":     "OK",
				"/metrics":       "alertmanager_config_hash",
				"/api/v2/status": `"original"`,
				"/api/v2/alerts": "[]",
			} {
				if status, body := get(t, am.URL()+path); status != http.StatusOK || !strings.Contains(body, want) {
					t.Errorf("%s: status %d, want 200 and %q in\n%.500s", path, status, want, body)
				}
			}
			c.fire(t, "Crash")
			if got := h.next(t).ExternalURL; tt.external != "" && got != "https://alerts.example/am" {
				t.Errorf("externalURL %q", got)
			}
		})
	}
}

func TestReload(t *testing.T) {
	first, second := newHook(t), newHook(t)
	am, c := start(t, configuration(first, ""), alertmanager.Options{})
	c.fire(t, "Crash")
	wantMessage(t, first, "firing: first notification", "firing Crash")

	if err := am.Reload("route: {receiver: nobody}"); err == nil {
		t.Error("a route to an unknown receiver was accepted")
	}
	c.fire(t, "Pull")
	wantMessage(t, first, "firing: new alerts added", "firing Crash", "firing Pull")

	if err := am.Reload(configuration(second, "")); err != nil {
		t.Fatal(err)
	}
	c.fire(t, "Probe")
	// What was sent when the old configuration went, and not yet noted as
	// sent, is sent again; so this need not be the first message.
	want := []string{"firing: new alerts added", "firing Crash", "firing Probe", "firing Pull"}
	if d := cmp.Diff(want, second.until(t, "firing Probe")); d != "" {
		t.Errorf("message (-want +got)\n%s", d)
	}

	// As the program is told by whoever wrote the file.
	if err := os.WriteFile(am.ConfigFile(), []byte(configuration(first, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, body := do(t, http.MethodPost, am.URL()+"/-/reload"); status != http.StatusOK {
		t.Fatalf("reload: status %d: %s", status, body)
	}
	c.resolve(t, "Crash")
	first.until(t, "resolved Crash")
}

// TestRestart has a second one start where the first has stopped: it knows
// what was silenced and what was notified, and no alerts until they are sent.
func TestRestart(t *testing.T) {
	h := newHook(t)
	am, c := start(t, configuration(h, ""), alertmanager.Options{Dir: t.TempDir()})
	c.silence(t, "Pull")
	c.fire(t, "Crash")
	wantMessage(t, h, "firing: first notification", "firing Crash")
	// A second message shows that the first one is in the notification log,
	// where it is only after the hook's answer.
	c.fire(t, "Mount")
	wantMessage(t, h, "firing: new alerts added", "firing Crash", "firing Mount")
	if err := am.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := am.Reload(configuration(h, "")); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("reload after stop: %v", err)
	}

	address := strings.TrimPrefix(am.URL(), "http://")
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, c = start(t, configuration(h, ""), alertmanager.Options{Dir: filepath.Dir(am.ConfigFile()), Port: tcp.Port})
	if want := "http://" + address; c.url != want {
		t.Errorf("URL %s, want %s", c.url, want)
	}
	c.fire(t, "Pull", "Crash")
	c.waitMuted(t, "Pull")
	c.fire(t, "Probe")
	wantMessage(t, h, "firing: new alerts added", "firing Crash", "firing Probe")
}

func TestStopRemovesOwnDirectory(t *testing.T) {
	am, _ := start(t, configuration(newHook(t), ""), alertmanager.Options{})
	if err := am.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(am.ConfigFile())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("directory is still there: %v", err)
	}
	if err := am.Stop(); err != nil {
		t.Errorf("second stop: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := configuration(newHook(t), "")
	for _, tt := range []struct {
		name, config string
		opts         alertmanager.Options
		want         string
	}{
		{"unknown key", good + "\nroutes: []", alertmanager.Options{}, "field routes not found"},
		{"unreadable template", good + "\ntemplates: ['[']", alertmanager.Options{}, "syntax error in pattern"},
		{"taken port", good, alertmanager.Options{Port: taken.Addr().(*net.TCPAddr).Port}, "address already in use"},
		{"external URL", good, alertmanager.Options{ExternalURL: "ftp://x"}, "neither http nor https"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			am, err := alertmanager.Start(t.Context(), tt.config, tt.opts)
			if err == nil {
				t.Fatal("started", am.Stop())
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q in it", err, tt.want)
			}
		})
	}
}
