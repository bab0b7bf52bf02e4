package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubebark/kubebark/barkreceiver/page"
)

func TestWrite(t *testing.T) {
	files := fstest.MapFS{
		"good": {Data: []byte(`<head>{{ template "style" }}</head>{{ .Name }}`)},
		"bad":  {Data: []byte(`half a page {{ template "none" }}`)},
	}
	w := httptest.NewRecorder()
	page.Write(w, http.StatusGone, files, "good", struct{ Name string }{"<script>"})
	if text := w.Body.String(); w.Code != http.StatusGone || !strings.Contains(text, "color-scheme: light dark") || !strings.HasSuffix(text, "&lt;script&gt;") {
		t.Errorf("%d %s", w.Code, text)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
		"X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, want) {
			t.Errorf("no %s in %s", want, csp)
		}
	}
	for _, name := range []string{"bad", "none"} {
		w = httptest.NewRecorder()
		page.Write(w, http.StatusOK, files, name, nil)
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "half") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
