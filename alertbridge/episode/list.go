package episode

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// maxListed bounds what is held of a list until it ends.
const maxListed = 20000

// list holds what a list brings until it has come to its end, if it concerns
// any alert. Of a message only so much is kept as an annotation takes.
func (t *Tracker) list(o *occurrence.Occurrence, now time.Time) {
	t.listing = true
	rules := t.settings.Rules
	r := rules.Match(&o.Event)
	raises := r != nil && !r.Drop && o.At.Add(t.scale(r.KeepFiringFor(&o.Event))).After(now)
	_, _, empties := emptied(&o.Event)
	if !raises && !empties && !rules.Recovery(o.Reason) && len(goneBy(&o.Event)) == 0 {
		return
	}
	shorten(&o.Message, maxKeptMessage)
	t.listed = append(t.listed, *o)
	if len(t.listed) >= maxListed {
		t.takeListed(now)
	}
}

// Synced takes what a list brought, in the order in which it was written.
func (t *Tracker) Synced() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listing = false
	t.takeListed(time.Now())
}

func (t *Tracker) takeListed(now time.Time) {
	slices.SortStableFunc(t.listed, func(a, b occurrence.Occurrence) int {
		if a.Version > 0 && b.Version > 0 {
			return cmp.Compare(a.Version, b.Version)
		}
		return a.At.Compare(b.At)
	})
	for i := range t.listed {
		t.take(&t.listed[i], now)
	}
	t.listed = nil
}
