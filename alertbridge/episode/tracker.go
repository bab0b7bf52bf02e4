package episode

import (
	"errors"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/alertbridge/noise"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Settings are what a reload may change.
type Settings struct {
	Rules     *rule.Set
	MaxActive int
	Resend    time.Duration
	// AlertsURL is the page that an alert's generatorURL leads to; "" for none.
	AlertsURL string
	// NewSeriesDelay is how long a new label set of a counter shows 0 after it
	// was first scraped.
	NewSeriesDelay time.Duration
	// PodStatus tells to ask why a pod's container does not run.
	PodStatus bool
}

// Options are the options of [New].
type Options struct {
	Logger     log.Logger
	Registerer prometheus.Registerer
	// Speed divides the rules' durations; 0 leaves them.
	Speed float64
	// Send takes alerts away; it must not block.
	Send func(...notify.Alert)
	// Connected is false while occurrences may be missed; nil means always
	// true.
	Connected func() bool
	// Watch knows how much has been heard of a namespace; nil means all, always.
	Watch Watch
	// Meter is told of all that is observed; it may be nil.
	Meter *noise.Meter
	// Lookups is asked about objects; nil means that nothing is.
	Lookups Lookups
}

// Watch knows until when all events of a namespace have been heard of.
type Watch interface {
	Heard(namespace string) time.Time
	// Renew makes a watch that has been silent since then show that it lives.
	Renew(namespace string, since time.Time)
}

// Tracker holds all episodes. It is safe for concurrent use.
type Tracker struct {
	logger    log.Logger
	metrics   *metrics
	speed     float64
	send      func(...notify.Alert)
	connected func() bool
	watch     Watch // may be nil
	meter     *noise.Meter
	wake      chan struct{} // something is due earlier than Run thinks

	mu       sync.Mutex
	settings Settings
	active   map[notify.Fingerprint]*episode // pending and firing
	folds    int                             // of active
	ended    map[notify.Fingerprint]*episode
	subjects subjects
	buckets  *buckets
	listed   []occurrence.Occurrence
	listing  bool
	next     time.Time // when Run wakes by itself
	since    time.Time // since when we know all again; zero while we do not

	questions questions
	waiting   waiting
}

// New returns a tracker without episodes.
func New(o Options, s Settings) (*Tracker, error) {
	if s.Rules == nil || s.MaxActive < 1 || s.Resend <= 0 {
		return nil, errors.New("episode: rules, a limit and an interval are needed")
	}
	t := &Tracker{
		logger: o.Logger, speed: o.Speed, send: o.Send, connected: o.Connected, watch: o.Watch, meter: o.Meter,
		wake: make(chan struct{}, 1), settings: s, active: map[notify.Fingerprint]*episode{},
		ended: map[notify.Fingerprint]*episode{}, subjects: newSubjects(),
		questions: newQuestions(o.Lookups), waiting: waiting{objects: map[object][]occurrence.Occurrence{}},
	}
	if t.speed <= 0 {
		t.speed = 1
	}
	if t.connected == nil {
		t.connected = func() bool { return true }
	}
	if t.connected() {
		t.since = time.Now()
	}
	t.metrics = newMetrics(o.Registerer, t.counts)
	t.metrics.know(&s)
	t.buckets = newBuckets(t.scale(bucketRefill))
	return t, nil
}

// scale turns a duration of the rules into one of ours.
func (t *Tracker) scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) / t.speed)
}

// Observe takes one occurrence; see [occurrence.Sink].
func (t *Tracker) Observe(o *occurrence.Occurrence) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	c := *o
	bound(&c.Event)
	if c.At.IsZero() || c.At.After(now) {
		c.At = now
	}
	if c.Origin == occurrence.Listed {
		t.list(&c, now)
		return
	}
	t.take(&c, now)
}

// take lets an occurrence move episodes on, at once or when its owner is known.
func (t *Tracker) take(o *occurrence.Occurrence, now time.Time) {
	r := t.settings.Rules.Match(&o.Event)
	if !t.hold(r, o, now) {
		owner, _ := t.settled(r, o)
		t.move(r, o, owner, now)
	}
}

// move lets an occurrence that the rule matches, if any, move episodes on.
func (t *Tracker) move(r *rule.Rule, o *occurrence.Occurrence, owner identity.Owner, now time.Time) {
	t.recover(r, o, now)
	if r != nil {
		t.metrics.matches.WithLabelValues(r.Name).Inc()
		if r.Drop {
			t.metrics.dropped.add(o)
		}
	}
	var did noise.Counts
	if r != nil && !r.Drop {
		did = t.raise(r, o, owner, now)
	}
	t.measure(r, o, did, now)
	if t.buckets.write(o) {
		t.keepAlive(o)
	}
}

// measure tells the meter what an occurrence did.
func (t *Tracker) measure(r *rule.Rule, o *occurrence.Occurrence, did noise.Counts, now time.Time) {
	if t.meter == nil {
		return
	}
	did.Occurrences = o.New
	if did == (noise.Counts{}) {
		return
	}
	obj, name := &o.Object, ""
	if r != nil {
		name = r.Name
	}
	t.meter.Add(now, noise.Source{
		Type: o.Type, Reason: o.Reason, Namespace: obj.Namespace, Kind: obj.Kind, Workload: occurrence.Workload(obj.Kind, obj.Name),
	}, name, did)
}

// raise adds the occurrence to its episode, which it may begin, and tells what
// it did to an alert.
func (t *Tracker) raise(r *rule.Rule, o *occurrence.Occurrence, owner identity.Owner, now time.Time) (did noise.Counts) {
	quiet := t.scale(r.KeepFiringFor(&o.Event))
	if !o.At.Add(quiet).After(now) {
		return did // history: its quiet time is over already
	}
	e := t.episode(r, o, owner)
	if o.History() {
		if a := t.subjects.find(e, objectOf(&o.Object)); a != nil && a.knows(o) {
			return did
		}
	}
	life := t.life(o)
	e.add(o, quiet, life)
	if a := t.affect(e, o); a != nil && e.state == Firing {
		t.meet(a, now)
	}
	switch e.state {
	case Pending:
		if r.MinOccurrences > 0 {
			e.hit(o, t.scale(r.Within), life)
		}
		if e.ripe(t.scale(r.For)) {
			t.fire(e, now)
			did.Alerts = 1
		}
	case Firing:
		t.stir(t.due(e, now))
		did.Repeats = o.New
	}
	return did
}

// life is the time between the event's first occurrence and its last, by its
// reporter's clock, if all its occurrences count for the episode; else 0.
func (t *Tracker) life(o *occurrence.Occurrence) time.Duration {
	if !o.History() && o.New != o.Count || o.First.IsZero() {
		return 0
	}
	return t.scale(max(0, o.Last.Sub(o.First)))
}

// episode returns the episode of the occurrence, a new one if need be.
func (t *Tracker) episode(r *rule.Rule, o *occurrence.Occurrence, owner identity.Owner) *episode {
	if e := t.known(r, o, owner); e != nil {
		return e
	}
	ls, failures := r.Labels(&o.Event, owner)
	t.failed(r, failures)
	fp := notify.FingerprintOf(ls)
	if e, ok := t.active[fp]; ok {
		return e
	}
	if len(t.active)-t.folds >= t.settings.MaxActive {
		return t.fold(r, o)
	}
	e := &episode{fp: fp, labels: ls, rule: r, owner: owner}
	t.active[fp] = e
	return e
}

// known returns the episode which the occurrence's object is in already by the
// same rule and reason, nil if there is none: most occurrences are repeats, whose
// labels need not be made.
func (t *Tracker) known(r *rule.Rule, o *occurrence.Occurrence, owner identity.Owner) *episode {
	if !r.Plain() {
		return nil
	}
	for _, a := range t.subjects.about(objectOf(&o.Object)) {
		if e := a.episode; e.rule == r && e.event.Reason == o.Reason && (e.owner == owner || !aboutOwner(r)) {
			return e
		}
	}
	return nil
}

func (t *Tracker) failed(r *rule.Rule, n int) {
	if n > 0 {
		t.metrics.templateFailures.Add(float64(n))
		level.Debug(t.logger).Log("msg", "templates failed on an event", "rule", r.Name, "count", n)
	}
}

func (t *Tracker) fire(e *episode, now time.Time) {
	delete(t.ended, e.fp)
	e.fire(now)
	t.transmit(e, now)
	t.inspect(e, now)
}

// remove takes the episode out of the active ones.
func (t *Tracker) remove(e *episode) {
	delete(t.active, e.fp)
	if e.folded {
		t.folds--
	}
	for _, a := range e.objects {
		t.subjects.leave(a)
	}
}

// end ends an episode and sends that, if it ever fired.
func (t *Tracker) end(e *episode, at, now time.Time, by string) {
	fired := e.state == Firing
	t.remove(e)
	e.end(at, now, by)
	if fired {
		t.keepEnded(e, now)
		t.transmit(e, now)
	}
}

// counts returns how many episodes are pending and firing.
func (t *Tracker) counts() (pending, firing int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.active {
		if e.state == Firing {
			firing++
		}
	}
	return len(t.active) - firing, firing
}
