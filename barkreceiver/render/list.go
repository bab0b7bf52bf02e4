package render

import (
	"strings"

	"github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// Item is an alert of a group as the template bark.alert sees it: what is
// mostly told of one, ready to be written, and the alert itself.
type Item struct {
	Firing bool
	Which  string // see [Data.Which]
	Began  string // when its trouble began
	Ended  string // when it ended, "" while it fires
	Times  string // how often it was seen, "" if once
	Text   string // its message
	template.Alert
}

// list has the alerts of a group as bark.alert makes them, each rendered once:
// how many of them a push has room for is found out by trying, and that must
// not render them again and again.
type list struct {
	render func(template.Alert) string
	done   []string
	size   int
}

// first returns the first n alerts, or fewer where no push has room for more.
func (l *list) first(alerts template.Alerts, n int) string {
	for len(l.done) < n && l.size <= manyBytes {
		text := l.render(alerts[len(l.done)])
		l.done = append(l.done, text)
		l.size += len(text) + len("\n")
	}
	return strings.Join(l.done[:min(n, len(l.done))], "\n")
}

// full returns how many alerts are more than any push has room for, 0 if it
// is not known of any.
func (l *list) full() int {
	if l.size <= manyBytes {
		return 0
	}
	return len(l.done)
}

// List returns what the template bark.alert makes of each alert, line by line.
func (d *Data) List() string {
	if d.list == nil {
		return ""
	}
	return d.list.first(d.all, len(d.Alerts))
}

// alert renders one alert of the list.
func (r *run) alert(a template.Alert) string {
	r.item = Item{ // no template keeps it
		Alert: a, Firing: a.Status == webhook.Firing, Which: r.data.Which(a),
		Began: r.clock(begin(a)), Times: times(a), Text: message(a),
	}
	if !r.item.Firing {
		r.item.Ended = r.clock(a.EndsAt)
	}
	return r.text("bark.alert", &r.item)
}
