package webpage

import (
	"bytes"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-kit/log"
)

// TestAnswers: a page and an answer come whole and locked up, or not at all and
// said in the log.
func TestAnswers(t *testing.T) {
	page := template.Must(template.New("a.html").Parse("<p>before {{ .Text }}</p>"))
	for _, tt := range []struct {
		name  string
		write func(http.ResponseWriter, log.Logger)
		code  int
		body  string
		kind  string
		log   string
	}{
		{"page", func(w http.ResponseWriter, l log.Logger) { HTML(w, l, page, map[string]string{"Text": "<b>"}) }, 200, "<p>before &lt;b&gt;</p>", "text/html; charset=utf-8", ""},
		{"page with a code", func(w http.ResponseWriter, l log.Logger) {
			HTMLWithCode(w, l, http.StatusGone, page, map[string]string{"Text": "over"})
		}, 410, "<p>before over</p>", "text/html; charset=utf-8", ""},
		{"page that fails", func(w http.ResponseWriter, l log.Logger) { HTML(w, l, page, 1) }, 500, "the page could not be made; the log says why\n", "text/plain; charset=utf-8", "a.html"},
		{"answer", func(w http.ResponseWriter, l log.Logger) { JSON(w, l, []int{1}) }, 200, `{"data":[1],"status":"success"}` + "\n", "application/json", ""},
		{"answer that fails", func(w http.ResponseWriter, l log.Logger) { JSON(w, l, func() {}) }, 500, `{"status":"error","error":"the answer could not be made"}` + "\n", "text/plain; charset=utf-8", "answer not made"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var logged bytes.Buffer
			w := httptest.NewRecorder()
			tt.write(w, log.NewLogfmtLogger(&logged))
			if w.Code != tt.code || w.Body.String() != tt.body || w.Header().Get("Content-Type") != tt.kind {
				t.Errorf("%d %q %s", w.Code, w.Body, w.Header().Get("Content-Type"))
			}
			if got := logged.String(); (got == "") != (tt.log == "") || !strings.Contains(got, tt.log) {
				t.Errorf("logged %q", got)
			}
			if good := tt.log == ""; good != (w.Header().Get("Cache-Control") == "no-store") {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// TestPagesAreLockedUp: what browsers and search engines are told of a page,
// whatever its status.
func TestPagesAreLockedUp(t *testing.T) {
	w := httptest.NewRecorder()
	HTMLWithCode(w, log.NewNopLogger(), http.StatusGone, template.Must(template.New("").Parse("x")), nil)
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
		"X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
