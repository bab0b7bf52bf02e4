package alertbridge

import "github.com/kubebark/kubebark/exporter/occurrence"

// AlertOf returns the name of the rule that decides about an event and the
// fingerprint of the alert that it makes or would make; "" where there is none.
func (b *Bridge) AlertOf(e *occurrence.Event) (rule, fingerprint string) {
	return b.tracker.AlertOf(e)
}
