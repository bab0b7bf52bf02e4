package rule

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// Matchers returns the rule's matchers as they are written.
func (r *Rule) Matchers() string { return r.matchers.String() }

// severity returns the severity label's value or template.
func (r *Rule) severity() string {
	for _, t := range r.labels {
		if t.name == "severity" {
			return t.literal
		}
	}
	return defaultSeverity
}

// quiet says in words how long the rule waits.
func (r *Rule) quiet() string {
	if r.keepFiringFor > 0 {
		return duration(r.keepFiringFor)
	}
	return duration(defaultKeepFiringFor) + " (" + duration(seriesKeepFiringFor) + " for events.k8s.io)"
}

// Hold says in words what must be so for the alert to fire; "" if it fires at
// the first occurrence.
func (r *Rule) Hold() string {
	var parts []string
	if r.For > 0 {
		parts = append(parts, "lasting "+duration(r.For))
	}
	if r.MinOccurrences > 1 {
		s := fmt.Sprintf("%d times", r.MinOccurrences)
		if r.Within > 0 {
			s += " within " + duration(r.Within)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

func (r *Rule) describe() string {
	if r.Drop {
		return r.Matchers() + " -> dropped"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s", r.Matchers(), r.severity())
	if h := r.Hold(); h != "" {
		fmt.Fprintf(&b, " once %s", h)
	}
	fmt.Fprintf(&b, "; ends when quiet for %s", r.quiet())
	if len(r.ResolveOn) > 0 {
		fmt.Fprintf(&b, " or on %s", strings.Join(r.ResolveOn, ", "))
	}
	if r.ResolveAfter > 0 {
		fmt.Fprintf(&b, " that holds for %s", duration(r.ResolveAfter))
	}
	if r.Identity != identity.ModeWorkload {
		fmt.Fprintf(&b, "; one for each %s", r.Identity)
	}
	return b.String()
}

func duration(d time.Duration) string { return model.Duration(d).String() }

// Warnings tells of the user's rules that are no fault but will mislead.
func (s *Set) Warnings() []string {
	var ws []string
	for _, r := range s.rules {
		if r.Name == defaultName || strings.HasPrefix(r.Name, builtinPrefix) || r.Drop {
			continue
		}
		for _, w := range r.warnings() {
			ws = append(ws, r.Name+": "+w)
		}
	}
	return ws
}

// Bounds of what a recorder needs to show that a trouble lasts.
const (
	coreWrites   = 5 * time.Minute // the spam filter lets one write through
	seriesWrites = 30 * time.Minute
	// backOffReset is how long a container must run until the kubelet takes it
	// for healthy.
	backOffReset = 10 * time.Minute
)

func (r *Rule) warnings() []string {
	var ws []string
	add := func(format string, args ...any) { ws = append(ws, fmt.Sprintf(format, args...)) }
	if r.matchers.reason("BackOff") && !r.matchers.reason("") && r.Resolves("Started") && r.ResolveAfter < backOffReset {
		add("Started does not end a BackOff: it is only the next restart; with resolve_after %s it tells that the restart lasted", duration(backOffReset))
	}
	keep := r.KeepFiringFor(&occurrence.Event{})
	if keep <= coreWrites && !r.Once {
		add("keep_firing_for %s is too short: a recorder may write a lasting trouble only every %s, so the alert would end and fire again",
			duration(keep), duration(coreWrites))
	} else if r.keepFiringFor > 0 && r.keepFiringFor <= seriesWrites && r.scheduler() {
		add("keep_firing_for %s is too short for the scheduler, which writes a lasting trouble only every %s; leave it out for %s",
			duration(r.keepFiringFor), duration(seriesWrites), duration(seriesKeepFiringFor))
	}
	for _, reason := range r.ResolveOn {
		ending := &occurrence.Event{Type: occurrence.Normal, Reason: reason}
		if matchAll(r.matchers.first, ending) && !r.matchers.reason("") {
			add("%s both raises and ends the alert", reason)
		}
	}
	return ws
}

func (r *Rule) scheduler() bool {
	return r.matchers.reason("FailedScheduling") && !r.matchers.reason("")
}
