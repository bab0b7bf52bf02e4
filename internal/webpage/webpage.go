// Package webpage answers with the programs' own pages, and with the same as
// JSON. All pages are locked up alike: they run no script, load nothing, and are
// in no other site's frame, in nobody's cache and in no search engine.
package webpage

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// HTML answers with what a template makes of the data.
func HTML(w http.ResponseWriter, logger log.Logger, t *template.Template, data any) {
	HTMLWithCode(w, logger, http.StatusOK, t, data)
}

// HTMLWithCode is [HTML] for a page that may tell of a fault: code is its HTTP
// status. It executes the template first and writes then, so that a fault of the
// template is no half page.
func HTMLWithCode(w http.ResponseWriter, logger log.Logger, code int, t *template.Template, data any) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		level.Error(logger).Log("msg", "page not made", "page", t.Name(), "err", err)
		http.Error(w, "the page could not be made; the log says why", http.StatusInternalServerError)
		return
	}
	lock(w.Header())
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}

// lock sets the headers of a page.
func lock(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	// Not no-referrer: with that, browsers send the form of a page without TLS
	// as coming from nowhere, and it would be refused as another site's.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex")
	common(h)
}

// JSON answers with the data as Prometheus' API does.
func JSON(w http.ResponseWriter, logger log.Logger, data any) {
	b, err := json.Marshal(map[string]any{"status": "success", "data": data})
	if err != nil {
		level.Error(logger).Log("msg", "answer not made", "err", err)
		http.Error(w, `{"status":"error","error":"the answer could not be made"}`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	common(h)
	_, _ = w.Write(append(b, '\n'))
}

func common(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}
