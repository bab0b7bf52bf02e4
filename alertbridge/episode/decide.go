package episode

import (
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Decide returns the name of the rule that decides about an event, and the
// fingerprint of the alert that it makes or would make; "" where there is none.
// Nothing is moved on by it.
func (t *Tracker) Decide(ev *occurrence.Event) (rule, fingerprint string) {
	o := occurrence.Occurrence{Event: *ev}
	bound(&o.Event)
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.settings.Rules.Match(&o.Event)
	if r == nil {
		return "", ""
	}
	if r.Drop {
		return r.Name, ""
	}
	owner, _ := t.settled(r, &o)
	ls, _ := r.Labels(&o.Event, owner) // failures were counted when it was observed
	return r.Name, notify.FingerprintOf(ls).String()
}
