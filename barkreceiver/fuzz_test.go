package barkreceiver

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzWebhook: whatever is posted wherever, the answer is one that the contract
// names, and no key is in it.
func FuzzWebhook(f *testing.F) {
	golden, err := filepath.Glob("testdata/golden/*.in.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range golden {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("oncall", b)
	}
	f.Add("", []byte(group("oncall", "firing", "09:00", "")))
	f.Add(`ns/x/on\.call`, []byte(group("quiet", "resolved", "09:00", "all alerts resolved")))
	x := newFixture(f, twoDevices)
	x.bark.arrived = nil // nobody counts
	f.Fuzz(func(t *testing.T, receiver string, body []byte) {
		code, text := x.post("/webhook/"+url.PathEscape(receiver), strings.NewReader(string(body)))
		switch code {
		case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge,
			http.StatusUnprocessableEntity, http.StatusServiceUnavailable, http.StatusConflict,
			http.StatusTemporaryRedirect, http.StatusMovedPermanently: // the mux's, of a path with dots
		default:
			t.Errorf("status %d: %s", code, text)
		}
		x.wantNoSecrets(t, text)
		x.forget()
	})
}

// forget keeps a long run from growing.
func (f *fixture) forget() {
	f.log.Reset()
	f.bark.got()
}

// FuzzPreview: whatever is pasted, a page comes of it that has no key.
func FuzzPreview(f *testing.F) {
	f.Add("oncall", "1", group("oncall", "firing", "09:00", ""))
	f.Add("nobody", "-1", "<script>")
	f.Add("", "99999999999999999999", `{"version":"4","alerts":[{}]}`)
	x := newFixture(f, twoDevices)
	h := x.PreviewHandler()
	f.Fuzz(func(t *testing.T, receiver, sample, body string) {
		form := url.Values{"receiver": {receiver}, "sample": {sample}, "body": {body}}
		r := httptest.NewRequest(http.MethodPost, "/preview", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if page := strings.ToLower(w.Body.String()); w.Code != http.StatusOK || strings.Contains(page, "<script") {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		x.wantNoSecrets(t, w.Body.String())
		x.forget()
	})
}
