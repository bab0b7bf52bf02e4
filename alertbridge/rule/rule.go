package rule

import (
	"errors"
	"slices"
	"time"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

// Rule is one rule, compiled. It must not be changed.
type Rule struct {
	Name string // unique in its set
	Why  string
	Drop bool

	For            time.Duration
	MinOccurrences int
	Within         time.Duration // 0: the whole episode
	ResolveOn      []string
	ResolveAfter   time.Duration
	Once           bool
	Identity       identity.Mode

	keepFiringFor time.Duration // 0: the default, which depends on the event
	shipped       bool          // its quiet time is for core/v1 recorders
	matchers      matchers
	labels        set
	annotations   set
	external      map[string]string
}

// compile makes a rule of its spec.
func compile(s *Spec, name string, mode identity.Mode) (*Rule, error) {
	r := &Rule{
		Name: name, Why: s.Why, Drop: s.Drop,
		For: time.Duration(s.For), MinOccurrences: s.MinOccurrences, Within: time.Duration(s.Within),
		ResolveOn: s.ResolveOn, ResolveAfter: time.Duration(s.ResolveAfter), Once: s.Once,
		Identity: s.Identity,
	}
	if s.KeepFiringFor != nil {
		r.keepFiringFor = time.Duration(*s.KeepFiringFor)
	}
	if r.Identity == "" {
		r.Identity = mode
	}
	var errM, errL, errA error
	r.matchers, errM = parseMatchers(s.Matchers)
	r.labels, errL = parseLabels(s.Labels)
	r.annotations, errA = parseAnnotations(s.Annotations)
	return r, errors.Join(errM, errL, errA)
}

// Plain tells whether the alert's labels depend on nothing but the event's
// reason, its object, and the owner: the rule has no templates for them.
func (r *Rule) Plain() bool {
	return !slices.ContainsFunc(r.labels, func(t text) bool { return t.tmpl != nil })
}

// KeepFiringFor returns how long the event's reason must be quiet until its
// alert is over.
func (r *Rule) KeepFiringFor(ev *occurrence.Event) time.Duration {
	switch {
	case r.shipped && ev.SeriesRecorder && !r.Once:
		return max(r.keepFiringFor, seriesKeepFiringFor)
	case r.keepFiringFor > 0:
		return r.keepFiringFor
	case ev.SeriesRecorder:
		return seriesKeepFiringFor
	}
	return defaultKeepFiringFor
}

// Resolves tells whether an event of the reason ends the rule's alerts.
func (r *Rule) Resolves(reason string) bool { return slices.Contains(r.ResolveOn, reason) }

// defaultSpec is the rule behind all others.
func defaultSpec() *Spec {
	return &Spec{
		Why:      "A Warning that no rule knows alerts, so that nothing new goes unseen.",
		Matchers: []string{`type="` + occurrence.Warning + `"`},
	}
}

// shippedFault says that a fault is the program's own.
func shippedFault(err error, name string) error {
	return conf.Field(err, "builtin.yaml", name)
}
