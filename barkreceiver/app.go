package barkreceiver

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/dedup"
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

func (a *App) logFaults(p *plan) {
	for _, f := range p.faults {
		a.metrics.templates.Inc()
		level.Warn(a.logger).Log("msg", "a template failed, its default took its place", "receiver", p.receiver.Name, "err", f)
	}
}
