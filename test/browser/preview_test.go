package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/kubebark/kubebark/test/browser"
)

const previewHeading = "What a push will look like"

func previewSamples(t *testing.T, d *desk) {
	s := d.tab(t, d.url+"/preview", browser.NoScript())
	if got := s.text(".banner"); !strings.Contains(got, "FailedScheduling · payments/cart") || !strings.Contains(got, "1 firing since") {
		t.Errorf("the first look shows %q", got)
	}
	s.choose("sample", "resolved")
	s.press("button", previewHeading)
	if got := s.text(".open"); !strings.Contains(got, "Resolved: FailedScheduling") || !strings.Contains(got, "QUIET") {
		t.Errorf("the sample shows %q", got)
	}
	s.choose("receiver", "shop")
	s.press("button", previewHeading)
	if got := s.text("main"); !strings.Contains(got, "Nothing is pushed") {
		t.Errorf("a receiver that is not told shows %q", got)
	}
	s.choose("sample", "a mixed group")
	s.press("button", previewHeading)
	if got := s.text("main"); !strings.Contains(got, "Bo · aes-256-gcm") || !strings.Contains(got, "bytes before encryption") || !strings.Contains(got, `"device_key": "***"`) {
		t.Errorf("an encrypted push shows %q", got)
	}
	if html := eval[string](s, `document.documentElement.outerHTML`); strings.Contains(html, "shopKey") || strings.Contains(html, key) {
		t.Error("a key is in the page")
	}
	if n := len(d.phone.State().Notifications); n > 0 && strings.Contains(d.phone.State().Notifications[0].Title, "FailedScheduling") {
		t.Error("the preview pushes")
	}
}

func previewPasted(t *testing.T, d *desk) {
	s := d.tab(t, d.url+"/preview", browser.NoScript())
	const attack = `<img src=x onerror="document.title=1">`
	s.paste(`{"version":"4","groupKey":"{}:{}","receiver":"oncall","status":"firing","groupLabels":{},"commonLabels":{"alertname":"DiskFull"},
		"alerts":[{"status":"firing","labels":{"alertname":"DiskFull","instance":"node-1"},"annotations":{"summary":"95 % used ` + strings.ReplaceAll(attack, `"`, `\"`) + `"},
		"startsAt":"2026-11-25T09:00:00Z","endsAt":"0001-01-01T00:00:00Z","fingerprint":"1"}]}`)
	s.press("button", previewHeading)
	if got := s.text(".banner"); !strings.Contains(got, "DiskFull") || !strings.Contains(got, "95 % used "+attack) {
		t.Errorf("a pasted body shows %q", got)
	}
	s.paste(`{"version":"4",`)
	s.press("button", previewHeading)
	if got := s.text(".bad"); !strings.Contains(got, "JSON") {
		t.Errorf("half a body shows %q", got)
	}
	if got := eval[string](s, `document.querySelector("textarea").value`); got != `{"version":"4",` {
		t.Errorf("what was pasted is now %q", got)
	}
}

func previewTemplateFault(t *testing.T, d *desk) {
	s := d.tab(t, d.url+"/preview")
	s.choose("receiver", "hasty")
	s.paste(`{"version":"4","groupKey":"{}:{}","receiver":"hasty","status":"firing","groupLabels":{},"commonLabels":{"alertname":"DiskFull"},
		"alerts":[{"status":"firing","labels":{"alertname":"DiskFull"},"startsAt":"2026-11-25T09:00:00Z","fingerprint":"1"}]}`)
	s.press("button", previewHeading)
	if got := s.text(".bad"); !strings.Contains(got, "template of title") || !strings.Contains(got, ":2:") {
		t.Errorf("the fault is told as %q", got)
	}
	if got := s.text("main"); !strings.Contains(got, "Its default takes its place") || !strings.Contains(s.text(".banner"), "DiskFull") {
		t.Errorf("the page shows %q", got)
	}
}

// choose chooses an option of a list by its text.
func (s *stage) choose(list, option string) {
	s.t.Helper()
	ok := eval[bool](s, `((o) => o ? (o.selected = true) : false)([...document.querySelectorAll("select[name=`+list+`] option")].find((o) => o.text === "`+option+`"))`)
	if !ok {
		s.t.Fatalf("%s has no option %s", list, option)
	}
}

// paste puts a text into the page's field for it.
func (s *stage) paste(text string) {
	s.t.Helper()
	s.run(chromedp.SetValue(chromedp.CSS("textarea"), text))
}
