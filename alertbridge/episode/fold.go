package episode

import (
	"github.com/go-kit/log/level"

	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// maxFolds bounds how many namespaces and reasons are kept apart where there
// is no room for alerts of their own.
const maxFolds = 1000

// otherReason is the reason under which all else goes.
const otherReason = "_other"

// fold returns the episode that stands for all those of the occurrence's
// namespace and reason that have no room.
func (t *Tracker) fold(r *rule.Rule, o *occurrence.Occurrence) *episode {
	t.metrics.folded.Inc()
	ls := r.Folded(&o.Event)
	fp := notify.FingerprintOf(ls)
	if e, ok := t.active[fp]; ok {
		return e
	}
	if t.folds >= maxFolds {
		ls = r.Folded(&occurrence.Event{Reason: otherReason})
		fp = notify.FingerprintOf(ls)
		if e, ok := t.active[fp]; ok {
			return e
		}
	}
	if t.folds == 0 {
		level.Warn(t.logger).Log("msg", "too many alerts: further ones fold into one for each namespace and reason",
			"max_active", t.settings.MaxActive)
	}
	e := &episode{fp: fp, labels: ls, rule: r, folded: true}
	t.active[fp] = e
	t.folds++
	return e
}
