package history

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-kit/log"
)

// FuzzPages: whatever a query and an event say, the answers are a page on which
// both are text, and JSON.
func FuzzPages(f *testing.F) {
	f.Add("namespace=shop&kind=Pod&q=a&limit=5", "cart", "shop")
	f.Add("q=%3Cscript%3E&limit=-1&type=%00&since=9999h", "<script>alert(1)</script>", "\xff")
	f.Add("limit=99999999999999999999&%zz&;", `"'><img src=x>`, "javascript:x")
	f.Fuzz(func(t *testing.T, query, name, namespace string) {
		h := New()
		h.Observe(change("Pod", namespace, name, "BackOff", 1))
		p, err := NewPages(h, log.NewNopLogger())
		if err != nil {
			t.Fatal(err)
		}
		for path, handler := range p.Handlers() {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.URL = &url.URL{Path: path, RawQuery: query}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			body := w.Body.String()
			switch {
			case w.Code != http.StatusOK && w.Code != http.StatusBadRequest:
				t.Errorf("%s: status %d", path, w.Code)
			case strings.HasPrefix(path, "/api/") && !json.Valid([]byte(body)):
				t.Errorf("%s: no JSON: %s", path, body)
			case !strings.HasPrefix(path, "/api/") && strings.Contains(body, "<script>alert(1)"), strings.Contains(body, `href="javascript`):
				t.Errorf("%s: markup gets through: %s", path, body)
			}
		}
	})
}
