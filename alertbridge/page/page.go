package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/noise"
)

// Source is where the pages have the alerts from.
type Source interface{ Views() []episode.View }

// Pages are the pages.
type Pages struct {
	source Source
	meter  *noise.Meter
	logger log.Logger
	alerts *template.Template
	noise  *template.Template
	// alertmanager is where people may silence; "" if it is not known.
	alertmanager atomic.Pointer[string]
}

//go:embed style.css
var style string

//go:embed alerts.html
var alertsHTML string

//go:embed noise.html
var noiseHTML string

// New returns the pages.
func New(s Source, m *noise.Meter, l log.Logger) (*Pages, error) {
	p := &Pages{source: s, meter: m, logger: l}
	p.SetAlertmanager("")
	funcs := template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file
		"ago":   func(t time.Time) string { return ago(time.Since(t)) },
		"until": func(t time.Time) string { return until(time.Until(t)) },
		"stamp": stamp,
	}
	var err error
	if p.alerts, err = template.New("alerts.html").Funcs(funcs).Parse(alertsHTML); err != nil {
		return nil, fmt.Errorf("parse the page of alerts: %w", err)
	}
	if p.noise, err = template.New("noise.html").Funcs(funcs).Parse(noiseHTML); err != nil {
		return nil, fmt.Errorf("parse the page of noise: %w", err)
	}
	return p, nil
}

// SetAlertmanager says where people may silence alerts; "" if nowhere.
func (p *Pages) SetAlertmanager(url string) { p.alertmanager.Store(&url) }

// Handlers returns handlers by their paths.
func (p *Pages) Handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"/alerts":        http.HandlerFunc(p.serveAlerts),
		"/api/v1/alerts": http.HandlerFunc(p.serveAlertsJSON),
		"/noise":         http.HandlerFunc(p.serveNoise),
		"/api/v1/noise":  http.HandlerFunc(p.serveNoiseJSON),
	}
}

func (p *Pages) serveAlerts(w http.ResponseWriter, r *http.Request) {
	q := parseQuery(r)
	all := p.source.Views()
	p.html(w, p.alerts, struct {
		Query  query
		All    int
		Counts map[string]int
		Alerts []row
	}{q, len(all), counts(all), p.rows(q.apply(all))})
}

func counts(vs []episode.View) map[string]int {
	n := map[string]int{}
	for i := range vs {
		n[vs[i].State.String()]++
	}
	return n
}

// html executes the template first and writes then, so that a fault is no half
// page.
func (p *Pages) html(w http.ResponseWriter, t *template.Template, data any) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		level.Error(p.logger).Log("msg", "page not made", "page", t.Name(), "err", err)
		http.Error(w, "the page could not be made; the log says why", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes())
}

func (p *Pages) json(w http.ResponseWriter, data any) {
	b, err := json.Marshal(map[string]any{"status": "success", "data": data})
	if err != nil {
		level.Error(p.logger).Log("msg", "answer not made", "err", err)
		http.Error(w, `{"status":"error","error":"the answer could not be made"}`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(append(b, '\n'))
}
