package series

import (
	"strings"
	"unicode/utf8"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// otherReason is the reason under which label sets beyond the budget are
// counted, and otherType the type of events that are neither Normal nor Warning.
const (
	otherReason = "_other"
	otherType   = "Other"
)

// Key is a label set. Labels that nobody has asked for are empty, which for
// Prometheus is as if they were not there.
type Key struct {
	Type, Reason, Kind, Namespace, Component string

	Workload, Host string
}

// Extra returns the value of a label that can be asked for.
func (k *Key) Extra(l Label) string {
	if l == LabelHost {
		return k.Host
	}
	return k.Workload
}

// maxLabel is a bound on a label value's bytes. No name in Kubernetes is
// longer, but nobody checks a hand-written reason.
const maxLabel = 253

// KeyOf returns the label set into which an event counts, where the budget has
// room. It is a function of the event alone.
func (c *Config) KeyOf(e *occurrence.Event) Key { return c.shape().keyOf(e) }

// shape says which of the labels that can be asked for there are.
type shape struct{ workload, host bool }

func (c *Config) shape() shape {
	var s shape
	for _, l := range c.Labels {
		s.workload = s.workload || l == LabelWorkload
		s.host = s.host || l == LabelHost
	}
	return s
}

func (s shape) keyOf(e *occurrence.Event) Key {
	k := Key{Type: boundedType(e.Type), Reason: otherReason}
	if e.Reason == otherReason { // whoever takes our word gets what it stands for
		return k
	}
	k.Reason, k.Kind = bounded(e.Reason), bounded(e.Object.Kind)
	k.Namespace, k.Component = bounded(e.Object.Namespace), bounded(e.Component)
	if s.workload {
		k.Workload = bounded(occurrence.Workload(e.Object.Kind, e.Object.Name))
	}
	if s.host {
		k.Host = bounded(e.Host)
	}
	return k
}

// and returns a shape that has the labels of both.
func (s shape) and(t shape) shape { return shape{s.workload || t.workload, s.host || t.host} }

// shape returns the labels that the key is known to have.
func (k *Key) shape() shape { return shape{k.Workload != "", k.Host != ""} }

// boundedType keeps the label type to three values: core/v1 takes any text.
func boundedType(t string) string {
	if t == occurrence.Normal || t == occurrence.Warning {
		return t
	}
	return otherType
}

// bounded makes a value that the API lets through one that a label can have.
func bounded(s string) string {
	if !utf8.ValidString(s) { // or each scrape would fail
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= maxLabel {
		return s
	}
	n := maxLabel
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
