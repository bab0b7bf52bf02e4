package alertbridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/noise"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/page"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Settings are what a reload may change.
type Settings struct {
	// ExternalURL is where people reach this program; alerts lead there.
	ExternalURL    string
	ExternalLabels map[string]string
	Alerting       notify.Config
	Alerts         rule.Config
	// NewSeriesDelay is how long a new label set shows 0 after it was first
	// scraped.
	NewSeriesDelay time.Duration
}

// Options are the options of [New].
type Options struct {
	Settings

	Logger     log.Logger
	Registerer prometheus.Registerer
	// Speed divides the rules' durations in a replay; 0 and 1 leave them.
	Speed float64
	// Connected is false while the watch is down: no alert is refreshed and
	// none ends by being quiet then. Nil means always true.
	Connected func() bool
	// Watch knows how much has been heard; nil means all, always.
	Watch episode.Watch
	// StateFile keeps the alerts over a restart; "" for no file. StateOwner
	// says which cluster's they are; those of another are set aside.
	StateFile, StateOwner string
	// Lookups is asked about the objects of alerts; nil means that nothing is.
	Lookups episode.Lookups
}

// Bridge turns occurrences into alerts. It is an occurrence.Sink.
type Bridge struct {
	tracker  *episode.Tracker
	notifier *notify.Notifier
	pages    *page.Pages
	state    *stateFile
}

var _ occurrence.Sink = (*Bridge)(nil)

// New returns a bridge that sends nothing before it runs.
func New(o Options) (*Bridge, error) {
	if o.Logger == nil || o.Registerer == nil {
		return nil, errors.New("alertbridge: a logger and a registerer are needed")
	}
	ts, err := o.tracker()
	if err != nil {
		return nil, err
	}
	b := &Bridge{}
	b.notifier = notify.New(notify.Options{
		Logger: o.Logger, Registerer: o.Registerer,
		Current: func() []notify.Alert { return b.tracker.Current() },
	})
	meter := noise.New()
	b.tracker, err = episode.New(episode.Options{
		Logger: o.Logger, Registerer: o.Registerer, Speed: o.Speed, Connected: o.Connected, Watch: o.Watch,
		Send: b.notifier.Send, Meter: meter, Lookups: o.Lookups,
	}, ts)
	if err != nil {
		return nil, err
	}
	b.state = &stateFile{path: o.StateFile, owner: o.StateOwner, tracker: b.tracker, logger: o.Logger}
	if err := b.state.load(); err != nil {
		return nil, err
	}
	if b.pages, err = page.New(page.Options{
		Source: b.tracker, Meter: meter, Logger: o.Logger,
		Status: func(ctx context.Context) (map[string]notify.Status, error) {
			return b.notifier.Statuses(ctx, "source", rule.Source)
		},
	}); err != nil {
		return nil, err
	}
	b.pages.SetAlertmanager(o.Alerting.UI())
	return b, b.notifier.Apply(o.Alerting)
}

// tracker compiles what the episodes need.
func (s *Settings) tracker() (episode.Settings, error) {
	rules, err := rule.Compile(s.Alerts, s.ExternalLabels)
	if err != nil {
		return episode.Settings{}, fmt.Errorf("compile the rules: %w", err)
	}
	es := episode.Settings{
		Rules: rules, MaxActive: s.Alerts.MaxActive, Resend: time.Duration(s.Alerting.ResendInterval),
		PodStatus: s.Alerts.Diagnostics.PodStatus, NewSeriesDelay: s.NewSeriesDelay,
	}
	if s.ExternalURL != "" {
		es.AlertsURL = strings.TrimRight(s.ExternalURL, "/") + "/alerts"
	}
	return es, nil
}

// Observe implements occurrence.Sink.
func (b *Bridge) Observe(o *occurrence.Occurrence) { b.tracker.Observe(o) }

// Synced implements occurrence.Sink.
func (b *Bridge) Synced() { b.tracker.Synced() }

// Decide returns the name of the rule that decides about an event, and the
// fingerprint of the alert that it makes or would make; "" where there is none.
func (b *Bridge) Decide(e *occurrence.Event) (rule, fingerprint string) { return b.tracker.Decide(e) }

// Run sends alerts until ctx is done and then what is still queued, for a few
// seconds at most. It resolves nothing at the end: whoever comes after goes on.
func (b *Bridge) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { return b.tracker.Run(ctx) })
	g.Go(func() error { return b.notifier.Run(ctx) })
	g.Go(func() error { return b.state.run(ctx) })
	return g.Wait()
}

// Reload puts new settings in force. Alerts that are active stay. On an error
// nothing has changed.
func (b *Bridge) Reload(s Settings) error {
	ts, err := s.tracker()
	if err != nil {
		return err
	}
	if err := b.notifier.Apply(s.Alerting); err != nil {
		return err
	}
	b.tracker.Apply(ts)
	b.pages.SetAlertmanager(s.Alerting.UI())
	return nil
}

// Pages returns handlers by their paths, to be mounted as they are.
func (b *Bridge) Pages() map[string]http.Handler { return b.pages.Handlers() }
