package episode

import (
	"iter"
	"time"
	"unique"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// affected is the trouble that an object has in an episode. There may be tens
// of thousands, so it is small: see [moment], and most have one part.
type affected struct {
	subject *subject
	episode *episode
	first   part
	asked   asked // whether it is there
}

const (
	maxParts   = 8    // of an object
	maxObjects = 1000 // of an episode
)

// part is the trouble of one container of an object.
type part struct {
	path      string // of the container, "" for the whole object
	source    unique.Handle[source]
	version   uint64
	last      moment
	kept      moment
	next      *part // of another container; nil if there is none
	series    bool
	recovered bool
}

// source is who writes events into one spam bucket of an object.
type source struct{ component, host, eventType string }

func sourceOf(ev *occurrence.Event) unique.Handle[source] {
	return unique.Make(source{ev.Component, ev.Host, ev.Type})
}

// moment is a time in a third of the memory: Unix nanoseconds, 0 for none.
type moment int64

func momentOf(t time.Time) moment {
	if t.IsZero() {
		return 0
	}
	return moment(t.UnixNano())
}

func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(m))
}

// parts yields the parts, of which there is one at least.
func (a *affected) parts() iter.Seq[*part] {
	return func(yield func(*part) bool) {
		for p := &a.first; p != nil; p = p.next {
			if !yield(p) {
				return
			}
		}
	}
}

// see notes an occurrence of the trouble.
func (a *affected) see(o *occurrence.Occurrence) {
	a.part(o.Object.FieldPath).see(o)
}

// part returns the part for the path. Beyond the limit the last is shared.
func (a *affected) part(path string) *part {
	p, n := &a.first, 1
	for p.path != path {
		if p.next == nil {
			if n == maxParts {
				break
			}
			p.next = &part{path: path}
		}
		p, n = p.next, n+1
	}
	return p
}

// knows tells whether what a list holds was taken in before.
func (a *affected) knows(o *occurrence.Occurrence) bool {
	if o.Version == 0 {
		return false
	}
	for p := range a.parts() {
		if p.path == o.Object.FieldPath && p.version >= o.Version {
			return true
		}
	}
	return false
}

func (p *part) see(o *occurrence.Occurrence) {
	p.source, p.series = sourceOf(&o.Event), o.SeriesRecorder
	p.version = max(p.version, o.Version)
	p.last, p.recovered = max(p.last, momentOf(o.At)), false
}

// before tells whether the trouble is older than what was written as version
// at the time.
func (p *part) before(version uint64, at time.Time) bool {
	if p.version > 0 && version > 0 {
		return p.version < version
	}
	return p.last <= momentOf(at)
}

// recover notes a recovery of the object, or its end if the path is "", and
// tells whether it counts against any trouble.
func (a *affected) recover(path string, version uint64, at time.Time) (counts bool) {
	for p := range a.parts() {
		same := path == "" || p.path == "" || p.path == path
		if same && p.before(version, at) {
			p.recovered, counts = true, true
		}
	}
	return counts
}

// troubled tells whether a part of the object has not recovered.
func (a *affected) troubled() bool {
	for p := range a.parts() {
		if !p.recovered {
			return true
		}
	}
	return false
}

// quietSince tells whether nothing was heard of the object for so long.
func (a *affected) quietSince(now time.Time, quiet time.Duration) bool {
	for p := range a.parts() {
		if now.Sub(max(p.last, p.kept).time()) < quiet && now.Sub(p.last.time()) < maxKeptAlive*quiet {
			return false
		}
	}
	return true
}

// allRecovered tells whether no object has trouble any more. Where some could
// not be kept apart it is never known.
func (e *episode) allRecovered() bool {
	if e.more || len(e.objects) == 0 {
		return false
	}
	for _, a := range e.objects {
		if a.troubled() {
			return false
		}
	}
	return true
}
