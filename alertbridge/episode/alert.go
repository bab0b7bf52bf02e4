package episode

import (
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
)

// alert is the episode as Alertmanager is to see it now.
func (t *Tracker) alert(e *episode) notify.Alert {
	a := notify.Alert{
		Fingerprint: e.fp, Labels: e.labels, Annotations: t.annotations(e),
		StartsAt: e.startsAt.UTC(), EndsAt: later(e.sentEnd, e.deadline()).UTC(),
	}
	if e.state == Ended {
		a.EndsAt = e.endedAt.UTC()
	}
	if t.settings.AlertsURL != "" {
		a.GeneratorURL = t.settings.AlertsURL + "?fingerprint=" + e.fp.String()
	}
	return a
}

func (t *Tracker) annotations(e *episode) map[string]string {
	by := e.endedBy
	if e.noticed {
		by = t.quietText(e)
	}
	as, failures := e.rule.Annotations(&rule.Facts{
		Event: &e.event, Labels: e.labels, Objects: max(1, e.many()), MoreObjects: e.more && !e.folded,
		Count: e.count, First: e.first, Last: e.last, EndedBy: by,
		Owner: e.ownerPath, Exit: e.exit,
	})
	t.failed(e.rule, failures)
	return as
}

// many returns how many objects are or were affected.
func (e *episode) many() int {
	if e.state == Ended {
		return e.wasMany
	}
	return len(e.objects)
}
