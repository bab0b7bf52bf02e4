package silence

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzLink: no link and no form but our own silences or ends anything.
func FuzzLink(f *testing.F) {
	x := newFixture(f, "en")
	a := alert(1, "alertname", "A")
	x.api.alerts = []apiAlert{a}
	good := x.link(f, time.Now(), a)
	f.Add(good[:len(good)-1], "1h", "")
	f.Add("", "", good)
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("m", macSize)+`{"e":9999999999}`)), "ever", "x")
	f.Fuzz(func(t *testing.T, token, choice, undo string) {
		if token == good {
			return
		}
		for _, form := range []url.Values{{"t": {token}, "for": {choice}}, {"t": {token}, "undo": {undo}}} {
			if code, page := x.post(form); code != http.StatusForbidden || strings.Contains(page, "<script") {
				t.Errorf("POST: %d %s", code, page)
			}
		}
		if code, page := x.get(token); code != http.StatusForbidden || strings.Contains(page, "<script") {
			t.Errorf("GET: %d %s", code, page)
		}
		if len(x.api.calls) > 0 {
			t.Errorf("Alertmanager was asked: %q", x.api.calls)
		}
	})
}

// FuzzAlertmanager: whatever Alertmanager answers, the page is a page, and what
// is in the answer is text on it.
func FuzzAlertmanager(f *testing.F) {
	f.Add([]byte(`[{"fingerprint":"0000000000000001","labels":{"alertname":"<script>","x":"y"},"annotations":{"summary":"<script>"},"generatorURL":"javascript:alert(1)"}]`), 200)
	f.Add([]byte(`[{"comment":"[x]","labels":null}]`), 200)
	f.Add([]byte(`{"silenceID":""}`), 404)
	x := newFixture(f, "en")
	good := x.link(f, time.Now(), alert(1))
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		x.am.http = &http.Client{Transport: canned{status, body}}
		for _, ask := range []func() (int, string){
			func() (int, string) { return x.get(good) },
			func() (int, string) { return x.post(url.Values{"t": {good}, "for": {"1h"}}) },
		} {
			code, page := ask()
			if low := strings.ToLower(page); code < 200 || code > 599 || strings.Contains(low, "<script") || strings.Contains(low, `href="javascript`) {
				t.Errorf("%d: %s", code, page)
			}
		}
	})
}
