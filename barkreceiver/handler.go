package barkreceiver

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

const (
	// what a message costs at least, however small it is.
	minWeight = 64 << 10
	// what is read and thrown away of a message too large, so that
	// Alertmanager gets to read the answer.
	maxDrain = 256 << 20
)

// failure is an answer other than 200.
type failure struct {
	code int
	text string
}

func (f *failure) Error() string { return f.text }

func fail(code int, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...)}
}

// serveWebhook answers a message of Alertmanager.
func (a *App) serveWebhook(w http.ResponseWriter, r *http.Request) {
	a.work.Add(1)
	defer a.work.Done()
	code := http.StatusOK
	name, text, err := a.handle(r)
	if err != nil {
		code, text = http.StatusInternalServerError, err.Error()+"\n"
		if f, ok := errors.AsType[*failure](err); ok {
			code = f.code
		}
		level.Warn(a.logger).Log("msg", "webhook failed", "receiver", name, "code", code, "err", err)
	}
	a.metrics.webhooks.WithLabelValues(name, strconv.Itoa(code)).Inc()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(code)
	io.WriteString(w, text) //nolint:gosec // plain text, and no browser is to guess otherwise
}

// handle reads a message and delivers it. It returns the configured receiver's
// name, "" if there is none, and the answer.
func (a *App) handle(r *http.Request) (name, text string, err error) {
	select {
	case a.here <- struct{}{}:
		defer func() { <-a.here }()
	default:
		return "", "", a.busy("messages are here")
	}
	st := a.state.Load()
	if !admitted(r, st.config.Webhook.Token()) {
		return "", "", fail(http.StatusUnauthorized, "the message does not bring the token of webhook.bearer_token_file; set authorization in Alertmanager's http_config")
	}
	p, err := a.prepare(st, r)
	switch {
	case p.heartbeat:
		return st.config.Watchdog.Receiver, "ok\n", err
	case p.receiver != nil:
		name = p.receiver.Name
	}
	if err == nil {
		text, err = a.deliver(r.Context(), st, &p)
	}
	return name, text, err
}

// admitted tells whether a request brings the token, if one is asked for.
func admitted(r *http.Request, token string) bool {
	kind, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return token == "" || strings.EqualFold(kind, "Bearer") && subtle.ConstantTimeCompare([]byte(got), []byte(token)) == 1
}

// prepare reads a message and renders it. Nothing of the message is held
// afterwards but its pushes. The plan names the receiver also on failure, as
// far as it is known.
func (a *App) prepare(st *state, r *http.Request) (plan, error) {
	path := r.PathValue("receiver")
	var rc *config.Receiver
	alive := path != "" && st.isWatchdog(webhook.Names(path))
	if path != "" && !alive {
		if rc = st.config.Find(webhook.Names(path)); rc == nil {
			return plan{}, noReceiver(path)
		}
	}
	weight := int64(webhook.MaxSize)
	if n := r.ContentLength; n >= 0 {
		weight = max(minWeight, min(n, webhook.MaxSize))
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxWait)
	defer cancel()
	if a.memory.Acquire(ctx, weight) != nil {
		return plan{receiver: rc}, a.busy("messages are being read")
	}
	defer a.memory.Release(weight)
	body, err := readBody(r)
	if f, ok := errors.AsType[*failure](err); ok && f.code == http.StatusRequestEntityTooLarge && rc != nil {
		level.Warn(a.logger).Log("msg", "a message is too large to read, its receiver is told so", "receiver", rc.Name)
		now := time.Now()
		p := st.plan(rc, func(rc *config.Receiver) plan { return oversizePlan(rc, now) })
		a.logFaults(&p)
		return p, nil
	}
	if err != nil {
		return plan{receiver: rc}, err
	}
	if alive {
		return plan{heartbeat: true}, a.hear(body)
	}
	return a.render(st, rc, body)
}

func (a *App) render(st *state, rc *config.Receiver, body []byte) (plan, error) {
	m, err := webhook.Decode(body)
	if err != nil {
		return plan{receiver: rc}, fail(http.StatusBadRequest, "%v", err)
	}
	if rc == nil && st.isWatchdog(webhook.Names(m.Receiver)) {
		return plan{heartbeat: true}, a.hear(body)
	}
	if rc == nil {
		if rc = st.config.Find(webhook.Names(m.Receiver)); rc == nil {
			return plan{}, noReceiver(m.Receiver)
		}
	}
	now := time.Now()
	in := render.Input{Message: m, Now: now, SilenceURL: a.silenceURL(st, rc, m, now)}
	p := st.plan(rc, func(rc *config.Receiver) plan { return newPlan(rc, in) })
	if p.truncated {
		a.metrics.truncated.WithLabelValues(rc.Name).Inc()
	}
	a.logFaults(&p)
	return p, nil
}

func noReceiver(name string) error {
	if len(name) > 100 {
		name = name[:100] + "…"
	}
	return fail(http.StatusNotFound, "there is no receiver %q in the configuration, and no default_receiver", name)
}

func readBody(r *http.Request) ([]byte, error) {
	tooLarge := fail(http.StatusRequestEntityTooLarge, "a message of more than %d MiB; set max_alerts in webhook_configs", webhook.MaxSize>>20)
	if r.ContentLength > webhook.MaxSize {
		drain(r)
		return nil, tooLarge
	}
	var body bytes.Buffer
	body.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead) // its weight is that of what it says of its length
	if _, err := body.ReadFrom(io.LimitReader(r.Body, webhook.MaxSize+1)); err != nil {
		return nil, fail(http.StatusBadRequest, "read message: %v", err)
	}
	if body.Len() > webhook.MaxSize {
		drain(r)
		return nil, tooLarge
	}
	return body.Bytes(), nil
}

func drain(r *http.Request) {
	io.CopyN(io.Discard, r.Body, maxDrain) //nolint:errcheck // as far as it goes
}
