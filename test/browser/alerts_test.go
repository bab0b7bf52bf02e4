package browser_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/kubebark/kubebark/test/alertmanager"
	"github.com/kubebark/kubebark/test/browser"
	"github.com/kubebark/kubebark/test/testbed"
)

const alertsHeading = "Alerts from events"

// recording is of a cluster on which much goes wrong at once.
const recording = "../incident/two-nodes.jsonl"

// TestAlerts shows the exporter's pages to a real browser: of the program as it
// is built, which has replayed a recording, with a real Alertmanager behind it.
func TestAlerts(t *testing.T) {
	ctx, tab := startBrowser(t)
	r := newRoom(ctx, tab, t)
	for _, scheme := range []string{"light", "dark"} {
		for _, page := range []string{"alerts", "noise", "events"} {
			t.Run(page+" "+scheme, func(t *testing.T) { r.look(t, page, scheme) })
		}
	}
	t.Run("found", r.found)
	t.Run("one", r.one)
	t.Run("what else", r.whatElse)
	t.Run("no script", r.withoutScript)
}

// room is the exporter, and the Alertmanager that knows its alerts.
type room struct {
	desk

	exporter string // URL
}

func newRoom(ctx, tab context.Context, t *testing.T) *room {
	t.Helper()
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hook.Close)
	r := &room{desk: desk{browser: tab}}
	var err error
	if r.am, err = alertmanager.Start(ctx, `
route:
  receiver: oncall
  routes: [{matchers: ['namespace="shop"'], receiver: shop-team, continue: true}, {matchers: ['source="kubernetes-event"'], receiver: oncall}]
receivers:
- {name: oncall, webhook_configs: [{url: '`+hook.URL+`'}]}
- {name: shop-team, webhook_configs: [{url: '`+hook.URL+`'}]}
inhibit_rules:
- {source_matchers: [alertname="KubeEventRebooted"], target_matchers: [alertname="KubeEventNodeNotReady", name="search"]}
`, alertmanager.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.am.Stop(); err != nil {
			t.Error(err)
		}
	})
	r.hush(t, map[string]string{"alertname": "KubeEventNodeNotReady", "name": "cart"})
	r.replay(ctx, t)
	return r
}

func (d *desk) hush(t *testing.T, labels map[string]string) {
	t.Helper()
	var ms []map[string]any
	for name, value := range labels {
		ms = append(ms, map[string]any{"name": name, "value": value, "isRegex": false, "isEqual": true})
	}
	d.call(t, http.MethodPost, "/api/v2/silences", map[string]any{
		"matchers": ms, "startsAt": time.Now(), "endsAt": time.Now().Add(time.Hour), "createdBy": "ada", "comment": "being mended",
	}, nil)
}

// replay starts the exporter and waits until Alertmanager has all. For pictures
// the recording keeps something of its pace.
func (r *room) replay(ctx context.Context, t *testing.T) {
	t.Helper()
	speed := "0"
	if os.Getenv("PICTURES") != "" {
		speed = "8"
	}
	port, err := testbed.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	bin, err := filepath.Abs("../../bin/kube-event-exporter")
	if err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs(recording)
	if err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Run(testbed.Command{
		Name: "exporter", Path: bin, Dir: t.TempDir(),
		Args: []string{"--web.listen-address=" + address, "--alertmanager.url=" + r.am.URL(), "--replay.file=" + file, "--replay.speed=" + speed},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := p.WaitLog(ctx, "the recording is at its end"); err != nil {
		t.Fatal(err)
	}
	r.exporter = "http://" + address
	err = testbed.Poll(ctx, "until Alertmanager inhibits and silences", func(context.Context) (bool, error) {
		var all []struct {
			Status struct{ InhibitedBy, SilencedBy []string }
		}
		r.call(t, http.MethodGet, "/api/v2/alerts", nil, &all)
		silenced, inhibited := 0, 0
		for _, a := range all {
			silenced += len(a.Status.SilencedBy)
			inhibited += len(a.Status.InhibitedBy)
		}
		return silenced == 1 && inhibited == 1, fmt.Errorf("%d alerts silenced, %d inhibited", silenced, inhibited)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// open shows a page of the exporter.
func (r *room) open(t *testing.T, path string, before ...chromedp.Action[chromedp.Void]) *stage {
	t.Helper()
	s := &stage{t: t, tab: newTab(r.browser, t)}
	s.run(append(before, chromedp.Navigate(r.exporter+path))...)
	return s
}

// look looks at a page as a desk and as a narrow phone show it.
func (r *room) look(t *testing.T, page, scheme string) {
	s := r.open(t, "/"+page, chromedp.EmulateViewport(1000, 760), browser.Scheme(scheme))
	s.fits(page)
	picture := page + "-"
	if page == "noise" {
		picture = "alerts-noise-"
	}
	s.shot(picture + scheme)
	if dark := eval[string](s, `getComputedStyle(document.body).backgroundColor`) == "rgb(20, 23, 26)"; dark != (scheme == "dark") {
		t.Errorf("a page in %s is dark: %v", scheme, dark)
	}
	s.run(chromedp.EmulateViewport(320, 640))
	s.fits(page + " on a narrow phone")
	s.run(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => { d.open = true })`))
	s.fits(page + " with all unfolded")
	if scheme == "light" {
		return
	}
	s.run(chromedp.Navigate(r.exporter+"/"+page), chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)))
	s.shot(picture + "phone")
}

// shot keeps a picture of what the window shows where PICTURES names a folder.
func (s *stage) shot(name string) {
	s.t.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(s.tab, chromedp.CaptureScreenshot())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// found fills in the form, as who looks for something does.
func (r *room) found(t *testing.T) {
	s := r.open(t, "/alerts")
	all := eval[int](s, `document.querySelectorAll("article").length`)
	s.run(chromedp.SetValue(chromedp.CSS(`select[name="state"]`), "firing"), chromedp.SetValue(chromedp.CSS(`input[name="q"]`), "cart"))
	s.press("form button", alertsHeading)
	if n := eval[int](s, `document.querySelectorAll("article").length`); n == 0 || n >= all {
		t.Errorf("%d of %d alerts are found", n, all)
	}
	if got := s.text(".delivery"); !strings.Contains(got, "silenced by") || !strings.Contains(got, "goes to shop-team, oncall") {
		t.Errorf("Alertmanager is said to make of it: %q", got)
	}
	if bad := eval[int](s, `[...document.querySelectorAll("article")].filter((a) => !a.innerText.includes("cart") || !a.classList.contains("firing")).length`); bad > 0 {
		t.Errorf("%d are not what was looked for", bad)
	}
}

// one follows the link to the alert that inhibits another.
func (r *room) one(t *testing.T) {
	s := r.open(t, "/alerts?q=NodeNotReady&state=firing", chromedp.EmulateViewport(1000, 760), browser.Scheme("light"))
	inhibitor := `.delivery a[href*="fingerprint"]`
	title := s.text(inhibitor)
	s.press(inhibitor, alertsHeading)
	if got := s.text("article:has(details[open]) h2"); got != title || title == "" {
		t.Errorf("the link %q leads to %q", title, got)
	}
	s.shot("alerts-one")
}

// whatElse goes from an alert, as a push's link shows it on a phone, to all that
// happened to its workload.
func (r *room) whatElse(t *testing.T) {
	s := r.open(t, "/alerts?q=NodeNotReady&state=firing", chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)), browser.Scheme("light"))
	const also = `.do a[href^="events?name=search"]`
	if h := eval[int](s, `document.querySelector('`+also+`').offsetHeight`); h < 40 {
		t.Errorf("the link is %d pixels high: too small for a thumb", h)
	}
	s.press(also, "Events in shop of search")
	if n := eval[int](s, `new Set([...document.querySelectorAll("li .reason")].map((e) => e.innerText)).size`); n < 3 {
		t.Errorf("of %d reasons is told: %s", n, s.text("ol"))
	}
	if bad := eval[int](s, `[...document.querySelectorAll("li")].filter((e) => !e.innerText.includes("search")).length`); bad > 0 {
		t.Errorf("%d events are of others", bad)
	}
	s.fits("what else happened")
	s.shot("events-one")
}

// withoutScript has the same page where scripts are off.
func (r *room) withoutScript(t *testing.T) {
	s := r.open(t, "/noise", browser.NoScript())
	if got := s.text("h1"); got != "What is loudest" {
		t.Errorf("heading %q", got)
	}
	s.run(chromedp.Click(chromedp.CSS("details summary")))
	if got := s.text("details[open] pre"); !strings.Contains(got, "drop: true") {
		t.Errorf("the rule to paste: %q", got)
	}
}
