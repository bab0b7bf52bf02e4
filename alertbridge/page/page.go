package page

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/noise"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/internal/webpage"
)

// Source is where the pages have the alerts from.
type Source interface{ Views() []episode.View }

// Options are the options of [New].
type Options struct {
	Source Source
	Meter  *noise.Meter
	Logger log.Logger
	// Status asks Alertmanager what it makes of the alerts, by fingerprint; it
	// may be nil.
	Status func(context.Context) (map[string]notify.Status, error)
}

// Pages are the pages.
type Pages struct {
	source Source
	meter  *noise.Meter
	logger log.Logger
	status func(context.Context) (map[string]notify.Status, error)
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
func New(o Options) (*Pages, error) {
	p := &Pages{source: o.Source, meter: o.Meter, logger: o.Logger, status: o.Status}
	p.SetAlertmanager("")
	funcs := webpage.Funcs()
	funcs["style"] = func() template.CSS { return webpage.Style() + template.CSS(style) } //nolint:gosec // our own file
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
	statuses, fault := p.ask(r.Context())
	webpage.HTML(w, p.logger, p.alerts, struct {
		Query  query
		All    int
		Counts map[string]int
		Alerts []row
		Fault  string // why Alertmanager could not be asked
	}{q, len(all), counts(all), p.rows(q.apply(all), statuses, titles(all)), fault})
}

// askTimeout bounds how long the page waits for Alertmanager.
const askTimeout = 2 * time.Second

// ask asks Alertmanager what it makes of the alerts.
func (p *Pages) ask(ctx context.Context) (statuses map[string]notify.Status, fault string) {
	if p.status == nil {
		return nil, ""
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	statuses, err := p.status(ctx)
	if err != nil {
		return nil, err.Error()
	}
	return statuses, ""
}

func counts(vs []episode.View) map[string]int {
	n := map[string]int{episode.Pending.String(): 0, episode.Firing.String(): 0, episode.Ended.String(): 0}
	for i := range vs {
		n[vs[i].State.String()]++
	}
	return n
}
