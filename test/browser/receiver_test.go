package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/barkreceiver"
	"github.com/kubebark/kubebark/test/alertmanager"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

const linkSecret = "0123456789abcdef0123456789abcdef"

// TestReceiver shows the receiver's pages to a real browser, with a real
// Alertmanager behind them.
func TestReceiver(t *testing.T) {
	_, tab := startBrowser(t)
	d := newDesk(tab, t)
	for name, test := range map[string]func(*testing.T, *desk){
		"samples":        previewSamples,
		"pasted":         previewPasted,
		"template fault": previewTemplateFault,
		"silence":        silenceJourney,
		"no script":      silenceWithoutScript,
		"no TLS":         silenceWithoutTLS,
		"bad links":      silenceBadLinks,
		"looks":          looks,
	} {
		t.Run(name, func(t *testing.T) { test(t, d) })
	}
}

// desk is the receiver between a real Alertmanager and a phone.
type desk struct {
	browser context.Context
	am      *alertmanager.Alertmanager
	phone   *phone.Device
	url     string
	port    string
}

func newDesk(tab context.Context, t *testing.T) *desk {
	t.Helper()
	bark := phone.New(phone.Options{})
	t.Cleanup(bark.Close)
	d := &desk{browser: tab, phone: bark.AddDevice(phone.DeviceOptions{Name: "Ada", Key: key})}
	barkWeb := httptest.NewServer(bark)
	t.Cleanup(barkWeb.Close)
	mux := http.NewServeMux()
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	d.url, d.port = web.URL, web.URL[strings.LastIndex(web.URL, ":"):]
	var err error
	d.am, err = alertmanager.Start(t.Context(), `
route: {receiver: oncall, group_by: [namespace], group_wait: 10ms, group_interval: 100ms}
receivers: [{name: oncall, webhook_configs: [{url: '`+web.URL+`/webhook'}]}]`, alertmanager.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.am.Stop(); err != nil {
			t.Error(err)
		}
	})
	app := d.newApp(t, barkWeb.URL)
	mux.Handle("/webhook", app.Handler())
	mux.Handle("/silence", app.SilenceHandler())
	mux.Handle("/preview", app.PreviewHandler())
	return d
}

func (d *desk) newApp(t *testing.T, bark string) *barkreceiver.App {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"key": key, "shop": "shopKey", "aes": strings.Repeat("k", 32), "secret": linkSecret,
		"c.yml": fmt.Sprintf(`
bark: {server_url: '%s'}
alertmanager: {url: '%s', silence_secret_file: secret}
receivers:
  - {name: oncall, devices: [{name: Ada, key_file: key}]}
  - {name: shop, resolved: none, devices: [{name: Bo, key_file: shop, encryption: {algorithm: aes-256-gcm, key_file: aes}}]}
  - name: hasty
    devices: [{name: Cy, key_file: key}]
    title: "one\n{{ if eq .Receiver `+"`hasty`"+` }}{{ index .Alerts 99 }}{{ end }}"
`, bark, d.am.URL()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	app := barkreceiver.New(barkreceiver.Options{
		ConfigFile: filepath.Join(dir, "c.yml"), Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), ExternalURL: d.url,
	})
	if _, err := app.Apply(); err != nil {
		t.Fatal(err)
	}
	return app
}

// pushed fires an alert in a namespace and returns the link of its push.
func (d *desk) pushed(t *testing.T, namespace, pod string) string {
	t.Helper()
	d.call(t, http.MethodPost, "/api/v2/alerts", []map[string]any{{
		"labels":      map[string]string{"alertname": "KubeEventBackOff", "severity": "warning", "namespace": namespace, "kind": "Pod", "name": pod},
		"annotations": map[string]string{"summary": "BackOff of " + namespace + "/" + pod, "description": "Back-off restarting failed container"},
	}}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := d.phone.Wait(ctx, func(s phone.State) bool {
		return len(s.Notifications) > 0 && strings.Contains(s.Notifications[0].Title+s.Notifications[0].Body, namespace)
	})
	if err != nil {
		t.Fatalf("no push about %s: %v", namespace, err)
	}
	return s.Notifications[0].URL
}

// call calls Alertmanager's API.
func (d *desk) call(t *testing.T, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, d.am.URL()+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s %v", method, path, res.Status, text, err)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatal(err)
	}
}

// tab opens a page of the receiver in a tab of its own.
func (d *desk) tab(t *testing.T, url string, before ...chromedp.Action[chromedp.Void]) *stage {
	t.Helper()
	s := &stage{t: t, tab: newTab(d.browser, t)}
	before = append([]chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(390, 760, chromedp.EmulateScale(2))}, before...)
	s.run(append(before, chromedp.Navigate(url))...)
	return s
}

// press presses a button and waits for the page that comes of it.
func (s *stage) press(selector, heading string) {
	s.t.Helper()
	s.run(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.old = 1`), chromedp.Click(chromedp.CSS(selector)))
	ctx, cancel := context.WithTimeout(s.tab, 20*time.Second)
	defer cancel()
	var got string
	err := testbed.Poll(ctx, "for another page", func(context.Context) (ok bool, err error) {
		got, err = chromedp.Run(s.tab, chromedp.Evaluate[string](`document.documentElement.dataset.old || document.readyState !== "complete" ? "" : document.querySelector("h1").innerText`))
		return err == nil && got != "", err
	})
	if err != nil || !strings.HasPrefix(got, heading) {
		s.t.Fatalf("pressing %s leads to %q, want %q: %v; the page:\n%s", selector, got, heading, err, s.text("main"))
	}
}
