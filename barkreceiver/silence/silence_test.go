package silence

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestSilenceAndUndo(t *testing.T) {
	f := newFixture(t, "en")
	cart := alert(1, "alertname", "A", "namespace", "shop", "name", "cart")
	db := alert(2, "alertname", "A", "namespace", "shop", "name", "d.b")
	other := alert(3, "alertname", "A", "namespace", "shop", "name", "web")
	f.api.alerts = []apiAlert{cart, db, other}
	code, page := f.get(f.link(t, time.Now(), cart, db))
	for _, want := range []string{"Silence this?", "name=cart | d.b", "namespace=shop", "It matches 2 alerts now.", `value="1h"`, `value="week"`} {
		if code != http.StatusOK || !strings.Contains(page, want) {
			t.Fatalf("%d, want %q in %s", code, want, page)
		}
	}
	if len(f.api.silences) != 0 {
		t.Fatal("looking has silenced")
	}
	token := field(t, page, "t")
	before := time.Now()
	code, page = f.post(url.Values{"t": {token}, "for": {"4h"}})
	if code != http.StatusOK || !strings.Contains(page, "Silenced until") || len(f.api.silences) != 1 {
		t.Fatalf("%d %s", code, page)
	}
	f.wantSilence(t, f.api.silences[0], before)
	if code, again := f.post(url.Values{"t": {token}, "for": {"1h"}}); code != http.StatusConflict || !strings.Contains(again, "used already") {
		t.Errorf("used twice: %d %s", code, again)
	}
	if code, again := f.get(token); code != http.StatusConflict {
		t.Errorf("shown when used: %d %s", code, again)
	}
	code, page = f.post(url.Values{"undo": {field(t, page, "undo")}})
	if code != http.StatusOK || !strings.Contains(page, "No longer silenced") || cmp.Diff([]string{"id0"}, f.api.expired) != "" {
		t.Errorf("%d %s, expired %v", code, page, f.api.expired)
	}
}

// TestWhatHappened: the page leads to where its alerts come from, whether they
// are to be silenced or are already.
func TestWhatHappened(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		f := newFixture(t, language)
		own := make([]apiAlert, maxPages+4)
		for i := range own {
			own[i] = alert(i+1, "alertname", "A", "name", strings.Repeat("x", i))
			own[i].GeneratorURL = "https://events.example.org/alerts?fingerprint=" + own[i].Fingerprint
			own[i].Annotations = map[string]string{"summary": "<b> of " + own[i].Fingerprint}
		}
		own[0].GeneratorURL = "javascript:alert(1)"
		own[1].Annotations = nil
		own[2].GeneratorURL = own[1].GeneratorURL
		other := alert(99, "alertname", "A")
		other.GeneratorURL = "https://events.example.org/other"
		f.api.alerts = append([]apiAlert{other}, own...)
		token := f.link(t, time.Now(), own...)
		_, asks := f.get(token)
		_, done := f.post(url.Values{"t": {token}, "for": {"1h"}})
		for _, page := range []string{asks, done} {
			if n := strings.Count(page, "<a href="); n != maxPages {
				t.Errorf("%d links, want %d", n, maxPages)
			}
			for _, want := range []string{own[1].GeneratorURL + `" rel="noreferrer">A</a>`, own[3].GeneratorURL + `" rel="noreferrer">&lt;b&gt; of ` + own[3].Fingerprint} {
				if !strings.Contains(page, want) {
					t.Errorf("no %s in\n%s", want, page)
				}
			}
			if strings.Contains(page, "javascript:") || strings.Contains(page, "/other") {
				t.Error(page)
			}
		}
	}
}

// wantSilence wants the silence of cart and d.b for four hours.
func (f *fixture) wantSilence(t *testing.T, s apiSilence, before time.Time) {
	t.Helper()
	want := []apiMatcher{
		{Name: "alertname", Value: "A", IsEqual: true},
		{Name: "name", Value: `cart|d\.b`, IsRegex: true, IsEqual: true},
		{Name: "namespace", Value: "shop", IsEqual: true},
	}
	if d := cmp.Diff(want, s.Matchers); d != "" {
		t.Errorf("matchers (-want +got)\n%s", d)
	}
	if d := s.EndsAt.Sub(s.StartsAt); d != 4*time.Hour || s.StartsAt.Before(before) || s.CreatedBy == "" || !strings.Contains(s.Comment, "receiver oncall") {
		t.Errorf("%+v", s)
	}
	if n := testutil.ToFloat64(f.opts.Created); n != 1 {
		t.Errorf("counted %v", n)
	}
}

func TestTwoTapsAtOnce(t *testing.T) {
	f := newFixture(t, "en")
	f.api.alerts = []apiAlert{alert(1, "a", "b")}
	token := f.link(t, time.Now(), f.api.alerts...)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { f.post(url.Values{"t": {token}, "for": {"1h"}}) })
	}
	wg.Wait()
	if n := len(f.api.silences); n != 1 {
		t.Errorf("%d silences", n)
	}
}

func TestBadLinks(t *testing.T) {
	f := newFixture(t, "en")
	a := alert(1, "alertname", "A")
	f.api.alerts = []apiAlert{a}
	good := f.link(t, time.Now(), a)
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-3] ^= 1
	undoToken, err := f.signer.sign(undo, made{Expires: time.Now().Add(time.Hour).Unix(), IDs: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, token string
		code        int
		has         string
	}{
		{"none", "", 403, "not complete"},
		{"no token", "hello", 403, "not complete"},
		{"cut off", good[:len(good)-4], 403, "not complete"},
		{"changed", base64.RawURLEncoding.EncodeToString(raw), 403, "not complete"},
		{"for something else", undoToken, 403, "not complete"},
		{"old", f.link(t, time.Now().Add(-2*time.Hour), a), 410, "expired"},
		{"of alerts that are over", f.link(t, time.Now(), alert(9)), 200, "over, or silenced already"},
		{"of no alerts", f.link(t, time.Now()), 200, "over, or silenced already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if code, page := f.get(tt.token); code != tt.code || !strings.Contains(page, tt.has) {
				t.Errorf("GET: %d %s", code, page)
			}
			if code, page := f.post(url.Values{"t": {tt.token}, "for": {"1h"}}); code != tt.code || !strings.Contains(page, tt.has) {
				t.Errorf("POST: %d %s", code, page)
			}
		})
	}
	for _, form := range []url.Values{{"t": {good}, "for": {"ever"}}, {"undo": {good}}, {"x": {strings.Repeat("y", maxForm)}}} {
		if code, _ := f.post(form); code != http.StatusForbidden {
			t.Errorf("%.40v: %d", form, code)
		}
	}
	if len(f.api.silences)+len(f.api.expired) != 0 {
		t.Errorf("silences %v, expired %v", f.api.silences, f.api.expired)
	}
}

func TestAlertmanagerFails(t *testing.T) {
	f := newFixture(t, "en")
	// Three that need a silence each.
	f.api.alerts = []apiAlert{alert(1, "a", "1", "b", "1"), alert(2, "a", "2", "b", "2"), alert(3, "a", "3", "b", "3")}
	token := f.link(t, time.Now(), f.api.alerts...)
	for _, broken := range []string{http.MethodGet, http.MethodPost} {
		f.api.broken = broken
		code, page := f.post(url.Values{"t": {token}, "for": {"1h"}})
		if code != http.StatusBadGateway || !strings.Contains(page, "did not answer") {
			t.Errorf("%s: %d %s", broken, code, page)
		}
	}
	f.api.broken = ""
	if code, page := f.post(url.Values{"t": {token}, "for": {"1h"}}); code != http.StatusOK || len(f.api.silences) != 3 {
		t.Errorf("%d %s", code, page)
	}
}

func TestMethodsAndHeaders(t *testing.T) {
	f := newFixture(t, "zh")
	f.api.alerts = []apiAlert{alert(1, "alertname", "<script>alert(1)</script>")}
	_, page := f.get(f.link(t, time.Now(), f.api.alerts...))
	if strings.Contains(page, "<script>") || !strings.Contains(page, "静默这些告警？") || !strings.Contains(page, "现在匹配 1 条告警") {
		t.Error(page)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodPut, Path, http.NoBody))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
	w = httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path, http.NoBody))
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'"} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestUntil(t *testing.T) {
	now := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	for value, want := range map[string]string{"1h": "2027-01-01T00:30", "4h": "2027-01-01T03:30", "morning": "2027-01-01T09:00", "week": "2027-01-07T23:30"} {
		if end, ok := until(value, now); !ok || end.Format("2006-01-02T15:04") != want {
			t.Errorf("%s: %s", value, end)
		}
	}
	if _, ok := until("for ever", now); ok {
		t.Error("for ever")
	}
}

func TestFit(t *testing.T) {
	ls := func(pairs ...string) labels { return alert(0, pairs...).Labels }
	strs := func(sets []matchers) (all []string) {
		for _, ms := range sets {
			var s []string
			for _, m := range ms {
				s = append(s, m.String())
			}
			all = append(all, strings.Join(s, ", "))
		}
		return all
	}
	for _, tt := range []struct {
		name   string
		alerts []labels
		want   []string
	}{
		{"none", nil, nil},
		{"one", []labels{ls("a", "1", "b", "2")}, []string{"a=1, b=2"}},
		{"one label differs", []labels{ls("a", "1", "b", "2"), ls("a", "1", "b", "3")}, []string{"a=1, b=2 | 3"}},
		{"two differ: no cross product", []labels{ls("a", "1", "b", "1"), ls("a", "2", "b", "2")}, []string{"a=1, b=1", "a=2, b=2"}},
		{"the better label", []labels{ls("a", "1", "b", "1"), ls("a", "1", "b", "2"), ls("a", "1", "b", "3"), ls("a", "2", "b", "1")}, []string{"a=1, b=1 | 2 | 3", "a=2, b=1"}},
		{"not the same labels", []labels{ls("a", "1"), ls("a", "1", "b", "2")}, []string{"a=1", "a=1, b=2"}},
	} {
		sets := fit(tt.alerts)
		if d := cmp.Diff(tt.want, strs(sets)); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
		for _, a := range tt.alerts {
			found := false
			for _, ms := range sets {
				found = found || ms.match(a)
			}
			if !found {
				t.Errorf("%s: %v is in none", tt.name, a)
			}
		}
	}
}

func TestLinkIsBounded(t *testing.T) {
	f := newFixture(t, "en")
	var all []apiAlert
	for i := range 500 {
		all = append(all, alert(i+1))
	}
	if n := len(f.link(t, time.Now(), all...)); n > 750 {
		t.Errorf("%d bytes", n)
	}
}
