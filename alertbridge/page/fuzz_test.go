package page

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/kubebark/kubebark/alertbridge/noise"
	"github.com/kubebark/kubebark/alertbridge/notify"
)

// FuzzPages: whatever a query, an alert and Alertmanager say, the answers are a
// page on which all is text, and JSON.
func FuzzPages(f *testing.F) {
	f.Add("state=firing&q=cart&sort=last", "a message", "cart")
	f.Add("fingerprint=%00&severity=%3Cscript%3E&sort=x", "<script>alert(1)</script>", "javascript:x")
	f.Add("%zz&;&q=%ff", "\xff\"'>", `"><img src=x>`)
	// Made once, for rules and pages take longer to read than to be asked.
	vs, m := sample(f), noise.New()
	var status notify.Status
	p, err := New(Options{Source: vs, Meter: m, Logger: log.NewNopLogger(), Status: func(context.Context) (map[string]notify.Status, error) {
		return map[string]notify.Status{vs[0].Fingerprint: status}, nil
	}})
	if err != nil {
		f.Fatal(err)
	}
	p.SetAlertmanager("http://am.example")
	f.Fuzz(func(t *testing.T, query, message, name string) {
		vs[0].Annotations["description"], vs[0].Annotations["runbook_url"] = message, message
		vs[0].Labels["name"], vs[0].Objects = name, []string{name}
		m.Add(time.Now(), noise.Source{Type: "Warning", Reason: message, Namespace: name, Kind: name, Workload: name}, "x", noise.Counts{Occurrences: 40, Alerts: 1})
		status = notify.Status{State: name, SilencedBy: []string{message}, InhibitedBy: []string{name}, Receivers: []string{message}}
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
