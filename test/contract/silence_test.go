package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/test/phone"
)

// chain is a real Alertmanager, the receiver, and a phone.
type chain struct {
	am    server
	phone *phone.Device
	page  string // URL of the receiver
}

func newChain(t *testing.T, v version) *chain {
	t.Helper()
	bark := phone.New(phone.Options{})
	c := &chain{phone: bark.AddDevice(phone.DeviceOptions{Name: "alice", Key: "keyOfAlice"})}
	barkWeb := httptest.NewServer(bark)
	t.Cleanup(barkWeb.Close)
	mux := http.NewServeMux()
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	c.page = web.URL
	var err error
	c.am, err = v.start(t.Context(), `
route: {receiver: on.call, group_by: [namespace], group_wait: 10ms, group_interval: 100ms}
receivers: [{name: on.call, webhook_configs: [{url: '`+web.URL+`/webhook'}]}]`)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.am.Stop(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	for name, text := range map[string]string{
		"key": "keyOfAlice", "secret": "0123456789abcdef0123456789abcdef",
		"c.yml": fmt.Sprintf("bark: {server_url: '%s'}\nalertmanager: {url: '%s', silence_secret_file: secret}\nreceivers: [{name: on.call, devices: [{key_file: key}]}]\n", barkWeb.URL, c.am.URL()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	app := barkreceiver.New(barkreceiver.Options{
		ConfigFile: filepath.Join(dir, "c.yml"), Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), ExternalURL: web.URL,
	})
	if _, err := app.Apply(); err != nil {
		t.Fatal(err)
	}
	mux.Handle("/webhook", app.Handler())
	mux.Handle("/silence", app.SilenceHandler())
	return c
}

// fire fires alerts of these names in one namespace.
func (c *chain) fire(t *testing.T, names ...string) {
	t.Helper()
	var all []map[string]any
	for _, n := range names {
		all = append(all, map[string]any{"labels": map[string]string{"alertname": "Down", "namespace": "shop", "pod": n}, "annotations": map[string]string{"summary": n + " is down"}})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if code, text := fetch(t, http.MethodPost, c.am.URL()+"/api/v2/alerts", "application/json", string(body)); code != http.StatusOK {
		t.Fatal(code, text)
	}
}

// pushed waits for a push with the text in it.
func (c *chain) pushed(t *testing.T, text string) phone.Notification {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := c.phone.Wait(ctx, func(s phone.State) bool {
		return len(s.Notifications) > 0 && strings.Contains(s.Notifications[0].Title+s.Notifications[0].Body, text)
	})
	if err != nil {
		t.Fatalf("no push with %q: %v %+v", text, err, s)
	}
	return s.Notifications[0]
}

func fetch(t *testing.T, method, url, kind, body string) (code int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

// silenced returns the pods whose alerts are silenced, in Alertmanager's words.
func (c *chain) silenced(t *testing.T) string {
	t.Helper()
	_, text := fetch(t, http.MethodGet, c.am.URL()+"/api/v2/alerts?active=false&silenced=true&inhibited=false&unprocessed=false", "", "")
	var all []struct {
		Labels map[string]string `json:"labels"`
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err, text)
	}
	var pods []string
	for _, a := range all {
		pods = append(pods, a.Labels["pod"])
	}
	return strings.Join(pods, " ")
}

// TestSilenceFromThePhone goes from an alert to the push, from its link to a
// silence, and back.
func TestSilenceFromThePhone(t *testing.T) { onEach(t, testSilence) }

func testSilence(t *testing.T, v version) {
	c := newChain(t, v)
	c.fire(t, "cart")
	push := c.pushed(t, "cart is down")
	if !strings.HasPrefix(push.URL, c.page+"/silence?t=") {
		t.Fatalf("the push leads to %s", push.URL)
	}
	code, page := fetch(t, http.MethodGet, push.URL, "", "")
	if code != http.StatusOK || !strings.Contains(page, "It matches 1 alert now.") || c.silenced(t) != "" {
		t.Fatalf("%d %s", code, page)
	}
	form := url.Values{"t": {hiddenField(t, page, "t")}, "for": {"1h"}}.Encode()
	code, page = fetch(t, http.MethodPost, c.page+"/silence", "application/x-www-form-urlencoded", form)
	if code != http.StatusOK || !strings.Contains(page, "Silenced until") || c.silenced(t) != "cart" {
		t.Fatalf("%d %s, silenced: %s", code, page, c.silenced(t))
	}
	// The group's other alerts go on ringing.
	c.fire(t, "cart", "db")
	if push := c.pushed(t, "db is down"); strings.Contains(push.Body, "cart") {
		t.Errorf("a silenced alert is in %+v", push)
	}
	if code, _ := fetch(t, http.MethodPost, c.page+"/silence", "application/x-www-form-urlencoded", form); code == http.StatusOK && c.silenced(t) != "cart" {
		t.Errorf("a second use: %d, silenced: %s", code, c.silenced(t))
	}
	undo := url.Values{"undo": {hiddenField(t, page, "undo")}}.Encode()
	code, page = fetch(t, http.MethodPost, c.page+"/silence", "application/x-www-form-urlencoded", undo)
	if code != http.StatusOK || !strings.Contains(page, "No longer silenced") || c.silenced(t) != "" {
		t.Errorf("%d %s, silenced: %s", code, page, c.silenced(t))
	}
	if code, page := fetch(t, http.MethodPost, c.page+"/silence", "application/x-www-form-urlencoded", form); code != http.StatusConflict {
		t.Errorf("used again after the undo: %d %s", code, page)
	}
}

func hiddenField(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(page)
	if len(m) != 2 {
		t.Fatalf("no field %s in %s", name, page)
	}
	return m[1]
}
