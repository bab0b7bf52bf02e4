package barkreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/dedup"
	"github.com/kubebark/kubebark/barkreceiver/preview"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/silence"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

const (
	// memory that messages may take while they are read and rendered.
	memory = 32 << 20
	// messages that may be here at all. Who waits holds a connection and its
	// rendered pushes, so their number is what bounds these.
	maxHere = 1024
	// messages whose pushes may be under way.
	maxUnderWay = 256
	// device groups whose last push is remembered.
	maxRemembered = 20_000
	// how long a message waits for its turn.
	maxWait = 10 * time.Second

	pingInterval = time.Minute
)

// Options are the options of [New].
type Options struct {
	ConfigFile string
	Logger     log.Logger
	Registerer prometheus.Registerer
	// ExternalURL is where phones reach the silence page; "" turns its links
	// off.
	ExternalURL string
	// StateFile keeps over a restart what devices were told; "" keeps nothing.
	StateFile string
}

// App is the service. [App.Apply] must have succeeded once before it serves.
type App struct {
	opts     Options
	logger   log.Logger
	metrics  *metrics
	dedup    *dedup.Store
	memory   *semaphore.Weighted
	here     chan struct{}
	turns    chan struct{}
	state    atomic.Pointer[state]
	failing  failing
	watchdog watchdog
	applied  chan struct{}  // gets a value when there is a new state
	work     sync.WaitGroup // webhooks being answered
}

// New returns an app without configuration.
func New(o Options) *App {
	a := &App{
		opts: o, logger: o.Logger, metrics: newMetrics(o.Registerer),
		memory: semaphore.NewWeighted(memory), here: make(chan struct{}, maxHere), turns: make(chan struct{}, maxUnderWay),
		dedup: dedup.New(maxRemembered, o.Registerer), applied: make(chan struct{}, 1),
	}
	if o.StateFile == "" {
		return a
	}
	if err := a.dedup.Keep(o.StateFile); err != nil {
		// A second ring at worst, and no reason to tell nobody anything.
		level.Error(a.logger).Log("msg", "the state file is not as it should be", "err", err)
	}
	return a
}

// Apply loads the configuration and puts it in force, or changes nothing. It
// returns the files that the configuration depends on. Devices that refused
// get their next push at once.
func (a *App) Apply() ([]string, error) {
	c, files, err := config.Load(a.opts.ConfigFile)
	if err != nil {
		return files, err
	}
	next, err := a.newState(c)
	if err != nil {
		return files, err
	}
	if next.silence, err = a.newSilence(c); err != nil {
		return files, err
	}
	a.metrics.prepare(c)
	a.dedup.SetWindow(time.Duration(c.DedupWindow))
	if old := a.state.Swap(next); old != nil {
		old.close()
		a.forgetServers(old, next)
		a.failing.only(c.Receivers)
	}
	select {
	case a.applied <- struct{}{}:
	default: // Run has one to see already
	}
	return files, nil
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

// Run watches the bark-servers and the watchdog until ctx is done, and then
// waits for the pushes that are under way.
func (a *App) Run(ctx context.Context) error {
	tick := time.NewTicker(pingInterval)
	defer tick.Stop()
	var watch sync.WaitGroup
	watch.Go(func() { a.watch(ctx) })
	for {
		a.state.Load().ping(ctx)
		select {
		case <-ctx.Done():
			watch.Wait()
			a.work.Wait()
			a.noteState(a.dedup.Close())
			a.state.Load().close()
			return nil
		case <-a.applied:
		case <-tick.C:
			a.noteState(a.dedup.Sync())
		}
	}
}

func (a *App) noteState(err error) {
	if err != nil {
		level.Error(a.logger).Log("msg", "what devices were told is not kept", "err", err)
	}
}

// Ready returns why the app cannot work. It can from the first configuration
// on.
func (a *App) Ready() error {
	if a.state.Load() == nil {
		return errors.New("no configuration yet")
	}
	return nil
}

// Handler serves POST /webhook and POST /webhook/{receiver}.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhook", a.serveWebhook)
	mux.HandleFunc("POST /webhook/{receiver...}", a.serveWebhook)
	return mux
}

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

func (a *App) logFaults(p *plan) {
	for _, f := range p.faults {
		a.metrics.templates.Inc()
		level.Warn(a.logger).Log("msg", "a template failed, its default took its place", "receiver", p.receiver.Name, "err", f)
	}
}
