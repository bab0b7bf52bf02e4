package page

import (
	"encoding/json"
	"net/http"

	"github.com/go-kit/log"

	"github.com/kubebark/kubebark/alertbridge/episode"
)

// Source is where the pages have the alerts from.
type Source interface{ Views() []episode.View }

// Pages are the pages.
type Pages struct {
	source Source
	logger log.Logger
}

// New returns the pages.
func New(s Source, l log.Logger) (*Pages, error) { return &Pages{s, l}, nil }

// Handlers returns handlers by their paths.
func (p *Pages) Handlers() map[string]http.Handler {
	return map[string]http.Handler{"/alerts": http.HandlerFunc(p.alertsJSON), "/api/v1/alerts": http.HandlerFunc(p.alertsJSON)}
}

func (p *Pages) alertsJSON(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(p.source.Views())
}
