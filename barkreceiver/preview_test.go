package barkreceiver

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestPreview(t *testing.T) {
	f := newFixture(t, twoDevices)
	h := f.PreviewHandler()
	post := func(form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/preview", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	body := strings.Replace(group("quiet", "firing", "09:00", ""), "It is so.", "<b>so</b>", 1)
	for _, tt := range []struct {
		name string
		w    *httptest.ResponseRecorder
		has  []string
	}{
		{"first look", newRecorder(h, http.MethodGet, "/preview"), []string{"FailedScheduling", "<h2>alice</h2>", "<h2>bob</h2>", "&#34;device_key&#34;: &#34;***&#34;"}},
		{"a sample", post(url.Values{"receiver": {"oncall"}, "sample": {"2"}}), []string{"Resolved: FailedScheduling", "quiet"}},
		{"not told", post(url.Values{"receiver": {"quiet"}, "sample": {"2"}}), []string{"Nothing is pushed"}},
		{"a pasted body", post(url.Values{"body": {body}}), []string{"&lt;b&gt;so&lt;/b&gt;", "<option selected>quiet"}},
		{"no body", post(url.Values{"body": {"hello"}}), []string{"invalid character"}},
		{"nobody", post(url.Values{"receiver": {"nobody"}}), []string{"no receiver of that name"}},
	} {
		for _, want := range tt.has {
			if tt.w.Code != http.StatusOK || !strings.Contains(tt.w.Body.String(), want) {
				t.Errorf("%s: %d, want %q in %s", tt.name, tt.w.Code, want, tt.w.Body)
			}
		}
		f.wantNoSecrets(t, tt.w.Body.String())
		if strings.Contains(tt.w.Body.String(), "<b>so") {
			t.Errorf("%s: markup gets through", tt.name)
		}
	}
	if w := newRecorder(h, http.MethodDelete, "/preview"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", w.Code)
	}
	if keys, _ := f.bark.got(); keys != "" {
		t.Error("it pushed")
	}
}

// Another site's page must not silence anything in its visitor's name.
func TestSilencePageIsNotForOtherSites(t *testing.T) {
	f := newFixture(t, twoDevices)
	for _, tt := range []struct {
		site string
		code int
	}{{"cross-site", http.StatusForbidden}, {"same-origin", http.StatusNotFound}, {"", http.StatusNotFound}} {
		r := httptest.NewRequest(http.MethodPost, "/silence", http.NoBody)
		r.Header.Set("Sec-Fetch-Site", tt.site)
		w := httptest.NewRecorder()
		f.SilenceHandler().ServeHTTP(w, r)
		if w.Code != tt.code {
			t.Errorf("%q: %d, want %d", tt.site, w.Code, tt.code)
		}
	}
}

// The request is shown with its link, but the link cannot be used.
func TestPreviewOfASilenceLink(t *testing.T) {
	f := newFixture(t, twoDevices)
	f.write(t, "secret", strings.Repeat("s", 32))
	f.write(t, "c.yml", strings.ReplaceAll(twoDevices, "SERVER", f.bark.URL)+"alertmanager: {url: 'http://127.0.0.1:1', silence_secret_file: secret}\n")
	f.opts.ExternalURL = "https://phones.example"
	if _, err := f.Apply(); err != nil {
		t.Fatal(err)
	}
	body := newRecorder(f.PreviewHandler(), http.MethodGet, "/preview").Body.String()
	if !regexp.MustCompile(`https://phones\.example/silence\?t=\*{100,}&#34;`).MatchString(body) {
		t.Errorf("no masked link in %s", body)
	}
	if regexp.MustCompile(`silence\?t=[^*]`).MatchString(body) {
		t.Error("a link that works is shown")
	}
}
