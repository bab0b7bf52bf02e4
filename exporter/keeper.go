package exporter

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/kubebark/kubebark/exporter/checkpoint"
	"github.com/kubebark/kubebark/exporter/series"
)

// flushInterval is how far what a scrape shows may be behind what has been
// counted, where a state is kept.
const flushInterval = 2 * time.Second

// Keeper keeps the state of a pipeline in a file, so that counters go on over
// a restart at whatever moment the last run ended. Scrapes show what is in the
// file, for a counter that went back would be counted twice. After a start
// they show nothing until what was missed has been found by a list.
type Keeper struct {
	pipeline *Pipeline
	series   *series.Store
	logger   log.Logger

	lastWrite prometheus.Gauge
	failures  prometheus.Counter

	settle   func()
	restored map[string]checkpoint.Stream

	mu   sync.Mutex // guards what follows, and held while a scrape is made
	file *checkpoint.File
	full bool   // the next write must be of the whole state
	said string // the last error that was logged
}

// KeeperOptions are the options of [NewKeeper].
type KeeperOptions struct {
	Path       string
	Owner      checkpoint.Owner
	Pipeline   *Pipeline
	Series     *series.Store
	Logger     log.Logger
	Registerer prometheus.Registerer
	// Settle, if there is one, returns when what the sinks were told is safe, or
	// has waited long enough. What the file says was counted can be found in no
	// list again.
	Settle func()
}

// NewKeeper opens the state file and restores the series. A file that cannot
// be used is a log line and a metric, never an error: counting goes on.
func NewKeeper(o KeeperOptions) *Keeper {
	f := promauto.With(o.Registerer)
	k := &Keeper{
		pipeline: o.Pipeline, series: o.Series, logger: o.Logger, settle: o.Settle, full: true,
		lastWrite: f.NewGauge(prometheus.GaugeOpts{
			Name: "kube_event_exporter_state_last_write_timestamp_seconds",
			Help: "When the state file was last written.",
		}),
		failures: f.NewCounter(prometheus.CounterOpts{
			Name: "kube_event_exporter_state_write_failures_total",
			Help: "Failed writes of the state file; meanwhile scrapes show values that a crash could take back.",
		}),
	}
	file, st, aside, err := checkpoint.Open(o.Path, o.Owner)
	k.file = file
	switch {
	case err != nil:
		k.failed(err)
	case aside != "":
		level.Warn(k.logger).Log("msg", "the state file cannot be gone on from and was set aside; counters begin at 0", "aside", aside)
	}
	k.series.KeepDurable(&k.mu, k.served)
	k.pipeline.keep()
	if st != nil {
		k.restore(st, o.Owner)
	}
	return k
}

func (k *Keeper) restore(st *checkpoint.State, owner checkpoint.Owner) {
	all := make([]series.State, 0, len(st.Series))
	for _, s := range st.Series {
		all = append(all, s)
	}
	same := st.Owner.Target == owner.Target
	k.series.Restore(all, same)
	k.series.Hide()
	k.restored = st.Streams
	level.Info(k.logger).Log("msg", "going on from the state file", "series", len(all), "same_target", same)
}

// Remembered returns what the file remembers of a namespace's events, nil if
// nothing.
func (k *Keeper) Remembered(namespace string) *checkpoint.Stream {
	st, ok := k.restored[namespace]
	if !ok {
		return nil
	}
	return &st
}

// Run writes what has changed every few seconds until ctx is done, and then
// once more. The file stays open, for it is noted there what scrapes show from
// then on: see [Keeper.Close]. When a list is complete it does so at once: from then on what
// happens is this run's to count, and a restart's values may be shown.
func (k *Keeper) Run(ctx context.Context) error {
	k.restored = nil // the streams have taken theirs
	tick := time.NewTicker(flushInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			k.flush()
			return nil
		case <-tick.C:
			k.flush()
		case <-k.pipeline.synced:
			k.flush()
		}
	}
}

// Close closes the file. Nothing may be scraped any more.
func (k *Keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.file.Close()
}

// flush writes what has changed now. It is not to be called concurrently.
func (k *Keeper) flush() {
	k.mu.Lock()
	defer k.mu.Unlock()
	full := k.full || k.file.Outgrown()
	b, complete := k.pipeline.cut(full)
	if k.settle != nil && !b.Empty() {
		k.mu.Unlock() // no scrape is to wait for others
		k.settle()
		k.mu.Lock()
		if k.full && !full {
			return // something failed meanwhile; the next write is of all
		}
	}
	if err := k.write(b, full); err != nil {
		k.full = true // the memory has forgotten what it told
		k.failed(err)
		k.series.ShowLive(true)
	} else {
		k.full = false
		k.series.Durable(b.Series)
		k.series.ShowLive(false)
		if k.said != "" {
			k.said = ""
			level.Info(k.logger).Log("msg", "the state file is written again")
		}
	}
	if complete {
		k.series.Reveal()
	}
}

func (k *Keeper) write(b *checkpoint.Batch, full bool) error {
	switch {
	case full:
		aside, err := k.file.Rewrite(b)
		if aside != "" {
			level.Warn(k.logger).Log("msg", "there was another file in the place of the state file; it was set aside", "aside", aside)
		}
		if err != nil {
			return err
		}
	case b.Empty():
		return nil
	default:
		if err := k.file.Append(b); err != nil {
			return err
		}
	}
	k.lastWrite.SetToCurrentTime()
	return nil
}

// served is called before a scrape shows what none has shown before, with k.mu
// held.
func (k *Keeper) served() {
	if k.full {
		return // there is no file to note it in; values are live anyway
	}
	if err := k.file.Served(); err != nil {
		k.full = true
		k.failed(err)
	}
}

// failed counts an error and logs it if it is a new one.
func (k *Keeper) failed(err error) {
	k.failures.Inc()
	if text := err.Error(); text != k.said {
		k.said = text
		level.Error(k.logger).Log("msg", "the state file cannot be written; counters may go back at a crash", "err", err)
	}
}

// keep makes the pipeline note what changes.
func (p *Pipeline) keep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keeping = true
}

// cut returns what has changed since the last cut, or all; complete tells that
// all lists of this run were complete before it.
func (p *Pipeline) cut(full bool) (b *checkpoint.Batch, complete bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b = &checkpoint.Batch{Streams: make(map[string]checkpoint.Stream, len(p.streams))}
	complete = len(p.streams) > 0
	for _, s := range p.streams {
		complete = complete && s.listed
		if !s.known {
			continue // half a list tells nothing
		}
		st := checkpoint.Stream{Since: s.memory.Since(), Forgotten: s.memory.Forgotten(), Names: s.memory.Changes()}
		if full {
			st.Names = s.memory.All()
		}
		b.Streams[s.namespace] = st
	}
	if full {
		b.Series = p.series.All()
	} else {
		b.Series = p.series.Changes()
	}
	return b, complete
}
