package history

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/go-kit/log"

	"github.com/kubebark/kubebark/internal/webpage"
)

//go:embed events.html
var eventsHTML string

// Pages shows a history.
type Pages struct {
	history *History
	logger  log.Logger
	page    *template.Template
}

// NewPages returns the pages of a history.
func NewPages(h *History, logger log.Logger) (*Pages, error) {
	t, err := template.New("events.html").Funcs(webpage.Funcs()).Parse(eventsHTML)
	if err != nil {
		return nil, fmt.Errorf("parse the page of events: %w", err)
	}
	return &Pages{history: h, logger: logger, page: t}, nil
}

// Handlers returns handlers by their paths.
func (p *Pages) Handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"/events":        http.HandlerFunc(p.serve),
		"/api/v1/events": http.HandlerFunc(p.serveJSON),
	}
}

func (p *Pages) serve(w http.ResponseWriter, r *http.Request) {
	q := parse(r.URL.Query())
	shown, more := q.apply(p.history.all(), time.Now())
	webpage.HTML(w, p.logger, p.page, struct {
		Query  query
		Events []entry
		More   int
	}{q, shown, more})
}

// jsonEvent is an event of /api/v1/events.
type jsonEvent struct {
	Type      string     `json:"type"`
	Reason    string     `json:"reason"`
	Message   string     `json:"message"`
	Namespace string     `json:"namespace,omitempty"` // of the involved object
	Kind      string     `json:"kind"`
	Name      string     `json:"name"`
	FieldPath string     `json:"fieldPath,omitempty"`
	Workload  string     `json:"workload"`
	Component string     `json:"component,omitempty"`
	Host      string     `json:"host,omitempty"`
	Count     int64      `json:"count"`
	FirstAt   *time.Time `json:"firstAt,omitempty"`
	LastAt    time.Time  `json:"lastAt"`
}

func (p *Pages) serveJSON(w http.ResponseWriter, r *http.Request) {
	shown, more := parse(r.URL.Query()).apply(p.history.all(), time.Now())
	events := make([]jsonEvent, len(shown))
	for i := range shown {
		e := &shown[i]
		events[i] = jsonEvent{
			Type: e.Type, Reason: e.Reason, Message: e.Message, Namespace: e.Object.Namespace, Kind: e.Object.Kind, Name: e.Object.Name,
			FieldPath: e.Object.FieldPath, Workload: e.Workload, Component: e.Component, Host: e.Host, Count: e.Count, LastAt: e.Last.UTC(),
		}
		if !e.First.IsZero() {
			first := e.First.UTC()
			events[i].FirstAt = &first
		}
	}
	webpage.JSON(w, p.logger, map[string]any{"events": events, "more": more})
}
