package alertmanager

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/api"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/alertmanager/tracing"
	"github.com/prometheus/common/model"
)

// groupMaintenance is the program's default for how often empty groups are
// removed.
const groupMaintenance = 30 * time.Second

// A loader builds what follows from a configuration and swaps it in.
type loader struct {
	log      *slog.Logger
	external *url.URL
	stores   *stores
	api      *api.API // set before the first apply
	pipeline *notify.PipelineBuilder
	metrics  *dispatch.DispatcherMetrics
	tracing  *tracing.Manager

	inhibitor  atomic.Pointer[inhibit.Inhibitor]
	dispatcher atomic.Pointer[dispatch.Dispatcher]
	running    sync.WaitGroup
}

func (a *Alertmanager) newLoader() {
	l := &loader{
		log:      a.log,
		external: a.external,
		stores:   a.stores,
		pipeline: notify.NewPipelineBuilder(a.reg, featurecontrol.NoopFlags{}, a.stores.events),
		metrics:  dispatch.NewDispatcherMetrics(false, a.reg, featurecontrol.NoopFlags{}),
		tracing:  tracing.NewManager(a.component("tracing")),
	}
	a.load = l
	a.onStop(l.stop)
	l.running.Go(l.tracing.Run)
}

// apply makes a configuration the one in force. All that can fail comes before
// the first change.
func (l *loader) apply(conf *config.Config) error {
	tmpl, err := template.FromGlobs(conf.Templates)
	if err != nil {
		return fmt.Errorf("parse templates: %w", err)
	}
	tmpl.ExternalURL = l.external
	routes := dispatch.NewRoute(conf.Route, nil)
	receivers, err := l.receivers(conf, routes, tmpl)
	if err != nil {
		return err
	}
	if err := l.tracing.ApplyConfig(conf.TracingConfig); err != nil {
		return fmt.Errorf("apply tracing: %w", err)
	}

	l.stopOld()
	inhibitor := inhibit.NewInhibitor(l.stores.alerts, conf.InhibitRules, l.log, l.stores.events)
	stage := l.pipeline.New(receivers, func() time.Duration { return 0 }, inhibitor, l.stores.silencer,
		timeinterval.NewIntervener(timeIntervals(conf)), l.stores.groups, l.stores.notified, nil)
	l.api.Update(conf, func(ctx context.Context, labels model.LabelSet) {
		l.inhibitor.Load().Mutes(ctx, labels)
		l.stores.silencer.Mutes(ctx, labels)
	})
	dispatcher := dispatch.NewDispatcher(l.stores.alerts, routes, stage, l.stores.groups, atLeastMinimum,
		groupMaintenance, nil, l.log, l.stores.events, l.metrics, tmpl)

	// The inhibitor first: nothing is to be notified before it knows what
	// inhibits it.
	l.running.Go(inhibitor.Run)
	inhibitor.WaitForLoading()
	l.inhibitor.Store(inhibitor)
	l.running.Go(func() { dispatcher.Run(time.Now()) })
	dispatcher.WaitForLoading()
	l.dispatcher.Store(dispatcher)
	return nil
}

// receivers makes the notifiers of each receiver that a route leads to.
func (l *loader) receivers(conf *config.Config, routes *dispatch.Route, tmpl *template.Template) (map[string][]notify.Integration, error) {
	used := make(map[string]bool)
	routes.Walk(func(r *dispatch.Route) { used[r.RouteOpts.Receiver] = true })
	integrations := make(map[string][]notify.Integration)
	for _, r := range conf.Receivers {
		if !used[r.Name] {
			continue
		}
		var err error
		if integrations[r.Name], err = receiver.BuildReceiverIntegrations(r, tmpl, l.log); err != nil {
			return nil, fmt.Errorf("make receiver %q: %w", r.Name, err)
		}
	}
	return integrations, nil
}

func timeIntervals(conf *config.Config) map[string][]timeinterval.TimeInterval {
	byName := make(map[string][]timeinterval.TimeInterval)
	for _, ti := range conf.MuteTimeIntervals {
		byName[ti.Name] = ti.TimeIntervals
	}
	for _, ti := range conf.TimeIntervals {
		byName[ti.Name] = ti.TimeIntervals
	}
	return byName
}

// atLeastMinimum is how long one flush of a group may take.
func atLeastMinimum(groupInterval time.Duration) time.Duration {
	return max(groupInterval, notify.MinTimeout)
}

// groups answers the API's question for the groups of alerts.
func (l *loader) groups(ctx context.Context, route func(*dispatch.Route) bool, filter func(*alert.Alert, time.Time) bool) (dispatch.AlertGroups, map[model.Fingerprint][]string, error) {
	return l.dispatcher.Load().Groups(ctx, route, filter)
}

func (l *loader) stopOld() {
	l.inhibitor.Load().Stop() // both know of nil
	l.dispatcher.Load().Stop()
}

func (l *loader) stop() error {
	l.stopOld()
	l.tracing.Stop()
	l.running.Wait()
	return nil
}
