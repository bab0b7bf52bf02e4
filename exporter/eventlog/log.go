package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/kubebark/kubebark/exporter/eventlog/otlp"
	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

const (
	batchSize = 256 // records that are taken at once
	// patience bounds how long the state file waits for the log.
	patience = 5 * time.Second
)

// Options are the options of [New].
type Options struct {
	Path       string    // of a file, "-" for Stdout, "" for neither
	Stdout     io.Writer // if Path is "-"
	Logger     log.Logger
	Registerer prometheus.Registerer
	// Alert tells which rule decides about an event and the fingerprint of its
	// alert; "" where there is none.
	Alert func(*occurrence.Event) (rule, fingerprint string)
	Settings
}

// Settings are what a reload may change.
type Settings struct {
	Config         Config
	ExternalLabels map[string]string
	// Enricher returns who looks objects up; nil, or one that is nil, for
	// nobody.
	Enricher func(*Enrichment) (Enricher, error)
}

// settings are what of [Settings] is in force.
type settings struct {
	config   Config
	cluster  string
	external map[string]string
	enricher Enricher // may be nil
}

// Log is the event log. It is an [occurrence.Sink].
type Log struct {
	alert    func(*occurrence.Event) (string, string)
	metrics  *metrics
	settings atomic.Pointer[settings]
	queue    *queue[item]

	lanes  []*lane // to those of the next two that there are
	lines  *lines  // nil if nothing is written
	remote *remote // nil if nothing is sent
}

// item is an occurrence of which a record is to be made.
type item struct {
	o      occurrence.Occurrence
	at     time.Time         // when it was learned of
	shares [maxOutputs]int64 // how many of its occurrences each lane is to have
}

const maxOutputs = 2

func sizeOf(e *occurrence.Event) int {
	return 1024 + len(e.Message) + len(e.Reason) + len(e.Action) + len(e.Object.FieldPath)
}

var _ occurrence.Sink = (*Log)(nil)

// New opens the log. A file that cannot be opened is an error: whoever names
// one wants it.
func New(o Options) (*Log, error) {
	l := &Log{alert: o.Alert, queue: newQueue[item](), metrics: newMetrics(o.Registerer)}
	if o.Config.OTLP.Endpoint != "" {
		m := newRemoteMetrics(o.Registerer)
		l.remote = newRemote(o.Logger, m)
	}
	if err := l.Apply(o.Settings); err != nil {
		return nil, err
	}
	if o.Path != "" {
		m := newLineMetrics(o.Registerer)
		var err error
		if l.lines, err = openLines(o.Path, o.Stdout, o.Logger, m); err != nil {
			return nil, err
		}
		l.lines.rotation.Store(&o.Config.Rotation)
		a := newLane(o.Config.QueueCapacity, l.lines, l.lines.health, m.dropped.Inc)
		watchQueue(o.Registerer, "", "the disk", a.ledger)
		l.lanes = append(l.lanes, a)
	}
	if l.remote != nil {
		a := newLane(o.Config.QueueCapacity, l.remote, l.remote.health, func() { l.remote.metrics.drop(dropFull, 1) })
		a.grace = farewell
		watchQueue(o.Registerer, "otlp_", "OTLP", a.ledger)
		l.lanes = append(l.lanes, a)
	}
	return l, nil
}

// Apply puts new settings in force.
func (l *Log) Apply(s Settings) error {
	in := &settings{config: s.Config, external: maps.Clone(s.ExternalLabels)}
	in.cluster = in.external["cluster"]
	delete(in.external, "cluster")
	before := l.settings.Load()
	if s.Enricher != nil && s.Config.Enrichment.Enabled() {
		if before != nil && reflect.DeepEqual(before.config.Enrichment, s.Config.Enrichment) {
			in.enricher = before.enricher // with all that it remembers
		} else if e, err := s.Enricher(&s.Config.Enrichment); err != nil {
			return fmt.Errorf("event log: %w", err)
		} else {
			in.enricher = e
		}
	}
	if err := l.connect(before, in); err != nil {
		return fmt.Errorf("event log: %w", err)
	}
	for _, a := range l.lanes {
		a.ledger.limit(s.Config.QueueCapacity)
	}
	if l.lines != nil {
		l.lines.rotation.Store(&s.Config.Rotation)
	}
	l.settings.Store(in)
	return nil
}

var errRestart = errors.New("event_log.otlp.endpoint: sending over OTLP begins and ends with the program; restart it")

// connect makes a new client for OTLP where what it depends on has changed.
func (l *Log) connect(before, in *settings) error {
	if (l.remote != nil) != (in.config.OTLP.Endpoint != "") {
		return errRestart
	}
	if l.remote == nil || before != nil && before.cluster == in.cluster && reflect.DeepEqual(before.config.OTLP, in.config.OTLP) {
		return nil
	}
	c, err := otlp.New(&in.config.OTLP, in.cluster)
	if err != nil {
		return fmt.Errorf("otlp: %w", err)
	}
	l.remote.use(c)
	return nil
}

// Observe implements [occurrence.Sink]. It never waits. What happened before
// the exporter first watched is no news and is not written.
func (l *Log) Observe(o *occurrence.Occurrence) {
	if o.History() {
		return
	}
	i, wanted := item{o: *o, at: time.Now()}, false
	for k, a := range l.lanes {
		n := o.New
		if l.lines != nil && a.to == l.lines {
			n = l.lines.seen.unseen(o, i.at)
			l.lines.metrics.repeats.Add(float64(o.New - n))
		}
		switch {
		case n == 0:
		case a.ledger.admit(sizeOf(&o.Event)):
			i.shares[k], wanted = n, true
		default:
			a.full()
		}
	}
	if wanted {
		l.queue.add(i)
	}
}

// Synced implements [occurrence.Sink].
func (l *Log) Synced() {}

// Settle waits until all that was observed before is on the disk and taken, for a
// while.
func (l *Log) Settle() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, a := range l.lanes {
		if a.settle(ctx) && l.lines != nil && a.to == l.lines {
			l.lines.sync()
		}
	}
}

// Run makes records and delivers them until ctx is done, and then what is left.
func (l *Log) Run(ctx context.Context) error {
	made, finish := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	for _, a := range l.lanes {
		g.Go(func() error { return a.run(made) })
	}
	for {
		batch := l.queue.take(ctx, batchSize)
		if len(batch) == 0 {
			break
		}
		for i := range batch {
			l.hand(ctx, &batch[i])
		}
	}
	finish()
	return g.Wait()
}

// hand makes the record of an occurrence and gives it to the lanes.
func (l *Log) hand(ctx context.Context, i *item) {
	s := l.settings.Load()
	r := record.Of(&i.o, i.at)
	r.Cluster, r.External = s.cluster, s.external
	if l.alert != nil {
		r.Rule, r.Fingerprint = l.alert(&i.o.Event)
	}
	l.enrich(ctx, i, r)
	size := sizeOf(&i.o.Event)
	for k, a := range l.lanes {
		if n := i.shares[k]; n > 0 {
			a.queue.add(entry{r: r, n: n, size: size})
		}
	}
}
