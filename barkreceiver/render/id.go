package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// Resolved is what a receiver does when a group is resolved.
type Resolved string

// The ways to tell of a resolved group.
const (
	Update Resolved = "update" // the push on the screen turns into the all-clear
	Delete Resolved = "delete" // it goes away, as far as iOS allows
	Fresh  Resolved = "new"    // a push of its own
	None   Resolved = "none"   // nothing
)

// groupID returns the id by which the phone knows a group's push, so that the next
// one takes its place. It tells nothing to who reads it on its way, and fits
// into the 64 bytes that Apple allows.
func groupID(source, receiver, groupKey string) string {
	return hash("id", source, receiver, groupKey)
}

// ID returns the id of the pushes about a message's group.
func (r *Renderer) ID(m *webhook.Message) string {
	return groupID(r.opts.Source, r.opts.Receiver, m.GroupKey)
}

// Digest is the same for messages that tell the same: the same alerts in the
// same states. Their texts do not matter, a count in them changes all the
// time. Nor do their times: two Alertmanagers stamp an alert that has none,
// and of two Prometheus servers the later one moves it. See [Newest].
func Digest(m *webhook.Message) string {
	parts := make([]string, 0, len(m.Alerts)+1)
	for _, a := range m.Alerts {
		parts = append(parts, Fingerprint(a)+" "+a.Status)
	}
	slices.Sort(parts)
	return hash(append(parts, fmt.Sprint(m.TruncatedAlerts, m.AllResolved()))...)
}

// Fingerprint stands for an alert's labels.
func Fingerprint(a template.Alert) string {
	if a.Fingerprint == "" {
		return a.Labels.String()
	}
	return a.Fingerprint
}

// Newest returns when the newest alert began. It tells an incident from an
// earlier one of the same alerts.
func Newest(m *webhook.Message) time.Time {
	var newest time.Time
	for _, a := range m.Alerts {
		if a.StartsAt.After(newest) {
			newest = a.StartsAt
		}
	}
	return newest
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
