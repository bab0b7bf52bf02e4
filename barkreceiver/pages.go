package barkreceiver

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/preview"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/silence"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// PreviewHandler serves a page that shows pushes and sends none.
func (a *App) PreviewHandler() http.Handler {
	return preview.New(preview.Options{
		Logger: a.logger,
		Config: func() *config.Config { return a.state.Load().config },
		Requests: func(rc *config.Receiver, m *webhook.Message, now time.Time) ([]json.RawMessage, error) {
			link := a.silenceURL(a.state.Load(), rc, m, now)
			return Requests(rc, render.Input{Message: m, Now: now, SilenceURL: maskToken(link)})
		},
	})
}

// maskToken hides what makes a silence link work, and keeps its length.
func maskToken(link string) string {
	before, token, found := strings.Cut(link, "?t=")
	if !found {
		return link
	}
	return before + "?t=" + strings.Repeat("*", len(token))
}

func (a *App) newSilence(c *config.Config) (*silence.Handler, error) {
	if c.Alertmanager == nil || a.opts.ExternalURL == "" {
		return nil, nil //nolint:nilnil // there is none, and that is no fault
	}
	return silence.New(silence.Options{
		Logger: a.logger, AlertmanagerURL: c.Alertmanager.URL, HTTP: c.Alertmanager.HTTP,
		Secret: c.Alertmanager.Secret(), TTL: time.Duration(c.Alertmanager.SilenceLinkTTL),
		ExternalURL: a.opts.ExternalURL, Location: c.Location(), Language: c.Language, Created: a.metrics.silences,
	})
}

// SilenceHandler serves the page that pushes link to.
func (a *App) SilenceHandler() http.Handler {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := a.state.Load().silence
		if h == nil {
			http.Error(w, "Silence links are off: the configuration has no alertmanager, or --web.external-url is not set.", http.StatusNotFound)
			return
		}
		h.ServeHTTP(w, r)
	})
	return http.NewCrossOriginProtection().Handler(page)
}

// silenceURL returns a link for the alerts of a message that fire, "" where
// links are off.
func (a *App) silenceURL(st *state, rc *config.Receiver, m *webhook.Message, now time.Time) string {
	if st.silence == nil || m.AllResolved() {
		return ""
	}
	link, err := st.silence.Link(rc.Name, m.Alerts.Firing(), now)
	if err != nil {
		level.Warn(a.logger).Log("msg", "no silence link", "receiver", rc.Name, "err", err)
	}
	return link
}
