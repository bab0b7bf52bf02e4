package episode

import (
	"time"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// State is where an episode stands.
type State uint8

// The states in their order.
const (
	Pending State = iota
	Firing
	Ended
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case Pending:
		return "pending"
	case Firing:
		return "firing"
	}
	return "ended"
}

// maxKeptAlive is how many quiet times an alert may last by being kept alive.
const maxKeptAlive = 6

// episode is one trouble.
type episode struct {
	fp     notify.Fingerprint
	labels map[string]string
	rule   *rule.Rule
	folded bool // stands for many
	state  State

	owner     identity.Owner // that the labels name; zero if none was asked for or told
	ownerPath string         // of the latest object; "" if not known
	exit      string         // why a container does not run; "" if not known
	exitAsked asked
	checked   time.Time // when its objects were last asked for

	event occurrence.Event // the latest
	count int64
	first time.Time // of the first occurrence, as far as known
	last  time.Time // of the latest occurrence
	kept  time.Time // until when its silence says nothing; see buckets
	quiet time.Duration
	hits  []hit // what min_occurrences asks for

	events      []Event // the latest ones, the newest last
	objects     []*affected
	more        bool // there are objects that were not kept apart
	wasMany     int  // how many objects there were at the end
	recovered   time.Time
	recoveredBy string // what that recovery was

	startsAt time.Time
	sentEnd  time.Time // the latest end that was sent
	endedAt  time.Time
	endedBy  string

	sentAt  time.Time
	changed bool // since it was sent
	noticed bool // it was sent with the reason of the end to come
	pruned  time.Time
}

type hit struct {
	at time.Time
	n  int64
}

// add takes an occurrence in; life is how long before its last occurrence the
// event had its first, where all of them are the episode's.
func (e *episode) add(o *occurrence.Occurrence, quiet, life time.Duration) {
	n, first := occurrences(o), o.At.Add(-life)
	if e.count == 0 || first.Before(e.first) {
		e.first = first
	}
	if e.count == 0 || !o.At.Before(e.last) {
		e.event, e.last = o.Event, later(e.last, o.At)
		shorten(&e.event.Message, maxKeptMessage)
	}
	e.count += n
	e.remember(o)
	e.quiet = max(e.quiet, quiet)
	e.recovered, e.changed = time.Time{}, true
}

// occurrences returns for how many an occurrence stands in its episode: of
// history all that the event holds.
func occurrences(o *occurrence.Occurrence) int64 {
	if o.History() {
		return max(1, o.Count)
	}
	return o.New
}

// hit notes occurrences for min_occurrences; within is 0 for the whole episode.
func (e *episode) hit(o *occurrence.Occurrence, within, life time.Duration) {
	e.hits = append(e.hits, hit{o.At, lately(occurrences(o), within, life)})
	if within <= 0 {
		e.hits = []hit{{o.At, e.count}}
		return
	}
	drop := 0
	for drop < len(e.hits)-1 && (o.At.Sub(e.hits[drop].at) > within || drop < len(e.hits)-e.rule.MinOccurrences) {
		drop++
	}
	e.hits = e.hits[drop:]
}

// lately estimates how many of an event's occurrences fell into the last part
// of its life: it tells only how many there were from when to when.
func lately(n int64, within, life time.Duration) int64 {
	if life <= within {
		return n
	}
	return max(1, int64(float64(n)*float64(within)/float64(life)))
}

// ripe tells whether the alert is to fire, now that an occurrence has come.
func (e *episode) ripe(hold time.Duration) bool {
	if e.folded {
		return true
	}
	if e.last.Sub(e.first) < hold {
		return false
	}
	var n int64
	for _, h := range e.hits {
		n += h.n
	}
	return n >= int64(e.rule.MinOccurrences)
}

// deadline is when the alert ends if nothing more is heard.
func (e *episode) deadline() time.Time {
	d := later(e.last, e.kept).Add(e.quiet)
	if limit := e.last.Add(maxKeptAlive * e.quiet); d.After(limit) {
		return limit
	}
	return d
}

// lasts tells whether the alert fires and its quiet time is not over.
func (e *episode) lasts(now time.Time) bool {
	return e.state == Firing && now.Before(e.deadline())
}

func (e *episode) fire(now time.Time) {
	e.state, e.startsAt, e.hits = Firing, now, nil
}

// end ends the episode; at is never in the future nor before it fired.
func (e *episode) end(at, now time.Time, by string) {
	if at.After(now) {
		at = now
	}
	e.state, e.endedAt, e.endedBy = Ended, later(at, e.startsAt), by
	e.wasMany, e.objects, e.hits = len(e.objects), nil, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
