package silence

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	amtemplate "github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"

	pages "github.com/kubebark/kubebark/barkreceiver/page"
	"github.com/kubebark/kubebark/internal/webpage"
)

const (
	// Path is where a [Handler] is served.
	Path = "/silence"

	maxForm     = 16 << 10
	maxSilences = 20
)

// Options are the options of [New].
type Options struct {
	Logger          log.Logger
	AlertmanagerURL string
	HTTP            config.HTTPClientConfig
	Secret          []byte
	TTL             time.Duration  // of links
	ExternalURL     string         // what links begin with
	Location        *time.Location // of "tomorrow 9:00"
	Language        string         // of the page: en or zh
	Created         prometheus.Counter
}

// Handler makes links and serves the page that they lead to.
type Handler struct {
	opts   Options
	signer signer
	am     *alertmanager
	page   *template.Template
	one    sync.Mutex // held while silences are made, so that a link is used once
}

// New returns a handler.
func New(o Options) (*Handler, error) {
	am, err := newAlertmanager(o.AlertmanagerURL, o.HTTP)
	if err != nil {
		return nil, err
	}
	return &Handler{opts: o, signer: signer{o.Secret}, am: am, page: pages.MustParse(files, "page.html")}, nil
}

// Close gives up idle connections.
func (h *Handler) Close() { h.am.http.CloseIdleConnections() }

// Link returns a link that silences the alerts.
func (h *Handler) Link(receiver string, alerts []amtemplate.Alert, now time.Time) (string, error) {
	token, err := h.signer.sign(ask, newLink(receiver, alerts, now.Add(h.opts.TTL)))
	if err != nil {
		return "", err
	}
	return h.opts.ExternalURL + Path + "?t=" + token, nil
}

// ServeHTTP implements http.Handler. GET shows and asks, POST does.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := &page{Language: h.opts.Language, location: h.opts.Location}
	var err error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		err = h.ask(r.Context(), r.URL.Query().Get("t"), p)
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if r.ParseForm() != nil {
			err = errForged
		} else if token := r.PostForm.Get("undo"); token != "" {
			err = h.undo(r.Context(), token, p)
		} else {
			err = h.silence(r.Context(), r.PostForm.Get("t"), r.PostForm.Get("for"), p)
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	code := http.StatusOK
	if err != nil {
		code = p.fail(err)
		level.Warn(h.opts.Logger).Log("msg", "silence page", "code", code, "err", err)
	}
	webpage.HTMLWithCode(w, h.opts.Logger, code, h.page, p)
}

// look finds out which of the link's alerts fire and what would silence them.
func (h *Handler) look(ctx context.Context, token string, p *page) (*link, []matchers, error) {
	l, err := h.signer.openLink(token, time.Now())
	if err != nil {
		return nil, nil, err
	}
	all, err := h.am.alerts(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("ask Alertmanager for its alerts: %w", err)
	}
	var own []labels
	for i := range all {
		if a := &all[i]; l.has(a.Fingerprint) {
			own = append(own, a.Labels)
			p.show(a)
		}
	}
	sets := fit(own)
	for _, a := range all {
		if slices.ContainsFunc(sets, func(ms matchers) bool { return ms.match(a.Labels) }) {
			p.Matching++
		}
	}
	p.Token, p.Sets, p.More = token, sets, l.More
	switch {
	case len(own) == 0:
		return nil, nil, errNothing
	case len(sets) > maxSilences:
		return nil, nil, errTooMany
	}
	return l, sets, nil
}

func (h *Handler) ask(ctx context.Context, token string, p *page) error {
	l, _, err := h.look(ctx, token, p)
	if err != nil {
		return err
	}
	used, err := h.am.used(ctx, l.comment())
	if err != nil {
		return fmt.Errorf("ask Alertmanager for its silences: %w", err)
	}
	if used {
		return errUsed
	}
	p.Kind, p.Choices = "ask", choices(time.Now().In(h.opts.Location), h.opts.Language)
	return nil
}

// comment is what the silences of a link have in their comments.
func (l *link) comment() string { return "[" + l.Number + "]" }

func (h *Handler) silence(ctx context.Context, token, choice string, p *page) error {
	h.one.Lock()
	defer h.one.Unlock()
	l, sets, err := h.look(ctx, token, p)
	if err != nil {
		return err
	}
	now := time.Now()
	end, ok := until(choice, now.In(h.opts.Location))
	if !ok {
		return errForged
	}
	used, err := h.am.used(ctx, l.comment())
	if err != nil {
		return fmt.Errorf("ask Alertmanager for its silences: %w", err)
	}
	if used {
		return errUsed
	}
	ids, err := h.create(context.WithoutCancel(ctx), l, sets, now, end)
	if err != nil {
		return err
	}
	h.opts.Created.Add(float64(len(ids)))
	level.Info(h.opts.Logger).Log("msg", "silenced from a phone", "receiver", l.Receiver, "silences", strings.Join(ids, ","), "until", end.Format(time.RFC3339))
	p.Kind, p.End = "done", end
	p.Undo, err = h.signer.sign(undo, made{Expires: now.Add(undoTTL).Unix(), IDs: ids})
	return err
}

// create makes all silences or none.
func (h *Handler) create(ctx context.Context, l *link, sets []matchers, now, end time.Time) ([]string, error) {
	var ids []string
	for _, ms := range sets {
		s := &apiSilence{
			StartsAt: now, EndsAt: end, CreatedBy: "alertmanager-bark",
			Comment: fmt.Sprintf("Silenced from a phone, by a push to receiver %s %s", l.Receiver, l.comment()),
		}
		for _, m := range ms {
			am := apiMatcher{Name: m.Name, Value: m.Values[0], IsEqual: true}
			if len(m.Values) > 1 {
				am.Value, am.IsRegex = m.regex(), true
			}
			s.Matchers = append(s.Matchers, am)
		}
		id, err := h.am.create(ctx, s)
		if err != nil {
			err = fmt.Errorf("make silence: %w", err)
			for _, id := range ids {
				err = errors.Join(err, h.am.expire(ctx, id))
			}
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (h *Handler) undo(ctx context.Context, token string, p *page) error {
	m, err := h.signer.openUndo(token, time.Now())
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range m.IDs {
		errs = append(errs, h.am.expire(ctx, id))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end silence: %w", err)
	}
	level.Info(h.opts.Logger).Log("msg", "silence ended from a phone", "silences", strings.Join(m.IDs, ","))
	p.Kind = "undone"
	return nil
}
