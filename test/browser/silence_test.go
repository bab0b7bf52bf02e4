package browser_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/barkreceiver/silence"
	"github.com/kubebark/kubebark/test/browser"
)

// silenced is a silence in Alertmanager's words.
type silenced struct {
	Matchers []struct {
		Name    string `json:"name"`
		Value   string `json:"value"`
		IsRegex bool   `json:"isRegex"`
		IsEqual bool   `json:"isEqual"`
	} `json:"matchers"`
	StartsAt time.Time `json:"startsAt"`
	EndsAt   time.Time `json:"endsAt"`
	Status   struct {
		State string `json:"state"`
	} `json:"status"`
}

// silences returns the silences that name a namespace.
func (d *desk) silences(t *testing.T, namespace string) []silenced {
	t.Helper()
	var all, own []silenced
	d.call(t, http.MethodGet, "/api/v2/silences", nil, &all)
	for _, s := range all {
		for _, m := range s.Matchers {
			if m.Name == "namespace" && m.Value == namespace {
				own = append(own, s)
			}
		}
	}
	return own
}

func silenceJourney(t *testing.T, d *desk) { d.silence(t, "journey", d.url) }

func silenceWithoutScript(t *testing.T, d *desk) { d.silence(t, "plain", d.url, browser.NoScript()) }

// Browsers send less along where there is no TLS and the host is another's.
func silenceWithoutTLS(t *testing.T, d *desk) { d.silence(t, "open", "http://receiver.test"+d.port) }

// silence goes from a push to a silence and back, over pages of a host.
func (d *desk) silence(t *testing.T, namespace, host string, before ...chromedp.Action[chromedp.Void]) {
	link := d.pushed(t, namespace, "cart")
	link = host + strings.TrimPrefix(link, d.url)
	s := d.tab(t, link, before...)
	if got := s.text("main"); !strings.Contains(got, "Silence this?") || !strings.Contains(got, "It matches 1 alert now.") {
		t.Fatalf("the link shows %q", got)
	}
	if n := len(d.silences(t, namespace)); n != 0 {
		t.Fatalf("looking made %d silences", n)
	}
	s.press(`button[value="1h"]`, "Silenced until")
	made := d.silences(t, namespace)
	if len(made) != 1 || made[0].Status.State != "active" || made[0].EndsAt.Sub(made[0].StartsAt).Round(time.Second) != time.Hour {
		t.Fatalf("made %+v", made)
	}
	var matchers []string
	for _, m := range made[0].Matchers {
		if m.IsRegex || !m.IsEqual {
			t.Errorf("matcher %+v", m)
		}
		matchers = append(matchers, m.Name+"="+m.Value)
	}
	if diff := cmp.Diff([]string{"alertname=KubeEventBackOff", "kind=Pod", "name=cart", "namespace=" + namespace, "severity=warning"}, matchers); diff != "" {
		t.Errorf("matchers (-want +got)\n%s", diff)
	}
	again := d.tab(t, link, before...)
	if got := again.text("main"); !strings.Contains(got, "Nothing was silenced") {
		t.Errorf("a second use shows %q", got)
	}
	s.press(`button`, "No longer silenced")
	if made := d.silences(t, namespace); len(made) != 1 || made[0].Status.State != "expired" {
		t.Errorf("after the undo: %+v", made)
	}
	again.run(chromedp.Navigate(link))
	if got := again.text("main"); !strings.Contains(got, "used already") {
		t.Errorf("after the undo the link shows %q", got)
	}
}

func silenceBadLinks(t *testing.T, d *desk) {
	good := d.pushed(t, "badlinks", "cart")
	h, err := silence.New(silence.Options{
		Logger: log.NewNopLogger(), AlertmanagerURL: d.am.URL(), HTTP: config.DefaultHTTPClientConfig,
		Secret: []byte(linkSecret), TTL: time.Hour, ExternalURL: d.url, Location: time.UTC, Language: "en",
		Created: prometheus.NewCounter(prometheus.CounterOpts{Name: "created_total", Help: "Created."}),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	old, err := h.Link("oncall", []template.Alert{{Fingerprint: "0123456789abcdef"}}, time.Now().Add(-2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	over, err := h.Link("oncall", []template.Alert{{Fingerprint: "0123456789abcdef"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ link, says string }{
		"tampered":  {good[:len(good)-6] + "AAAAAA", "not complete"},
		"cut off":   {good[:len(good)-9], "not complete"},
		"expired":   {old, "has expired"},
		"long over": {over, "are over"},
		"no token":  {d.url + "/silence", "not complete"},
	} {
		s := d.tab(t, tt.link)
		if got := s.text("main"); !strings.Contains(got, "Nothing was silenced") || !strings.Contains(got, tt.says) {
			t.Errorf("%s: the page shows %q", name, got)
		}
		if n := eval[int](s, `document.querySelectorAll("form, button").length`); n > 0 {
			t.Errorf("%s: there is something to press", name)
		}
	}
	if n := len(d.silences(t, "badlinks")); n != 0 {
		t.Errorf("%d silences", n)
	}
}
