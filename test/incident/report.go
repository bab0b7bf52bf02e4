package incident

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/phone"
)

// A Report is what a recording has led to, in the recording's time.
type Report struct {
	Events        int           // writes of event objects
	Occurrences   int           // what the exporter counted
	Alerts        []string      // what fired, by alertname, kind and name
	Fired         int           // how often any of them began to fire
	MostFiring    int           // at a time
	MostPending   int           // likewise
	Notifications int           // what Alertmanager sent to the receiver
	Told          []string      // which of Alerts were in a notification
	Pushes        int           // what the phone got
	Sounds        int           // how often it rang
	EachEvent     int           // what one push for each Warning's event would be
	First         time.Duration // from the beginning of the trouble to the first notification
	Last          time.Duration // from its end to the last
	Early         []string      // what was said to be over before it was
	Folded        int           // occurrences without an alert of their own

	Lines []string // each notification, for people

	firing, pending float64
	open            []string // groups whose last notification is not that all is over
}

// alert is an alert as it is posted and as it is told.
type alert struct {
	Status   string            `json:"status"` // in a notification
	Labels   map[string]string `json:"labels"`
	Notes    map[string]string `json:"annotations"`
	StartsAt time.Time         `json:"startsAt"`
	EndsAt   time.Time         `json:"endsAt"`
}

func (a *alert) name() string {
	return a.Labels["alertname"] + " " + a.Labels["kind"] + "/" + a.Labels["name"]
}

// A notification is what Alertmanager tells a receiver of a group of alerts.
type notification struct {
	Group  string  `json:"groupKey"`
	Status string  `json:"status"`
	Alerts []alert `json:"alerts"`
}

// A view turns our time into the recording's.
type view struct {
	recording *Recording
	speed     float64
	began     time.Time // when the first event happened
}

func (v *view) time(t time.Time) time.Time {
	return v.recording.First.Add(time.Duration(float64(t.Sub(v.began)) * v.speed))
}

func (v *view) report(posted, notified []message) (*Report, error) {
	r := &Report{Events: v.recording.Events, EachEvent: v.recording.Warnings}
	if err := v.posted(r, posted); err != nil {
		return r, fmt.Errorf("read the alerts: %w", err)
	}
	told, last := map[string]bool{}, map[string]string{}
	for _, m := range notified {
		var n notification
		if err := json.Unmarshal(m.body, &n); err != nil {
			return r, fmt.Errorf("read a notification: %w", err)
		}
		at := v.time(m.at)
		if r.Notifications++; r.Notifications == 1 {
			r.First = at.Sub(v.recording.Begin)
		}
		r.Last = at.Sub(v.recording.End)
		last[n.Group] = n.Status
		if n.Status == "resolved" && at.Before(v.recording.End) {
			r.Early = append(r.Early, fmt.Sprintf("%s is said to be over %s before it is", n.Group, v.recording.End.Sub(at).Round(time.Second)))
		}
		var as []string
		for i := range n.Alerts {
			a := &n.Alerts[i]
			told[a.name()] = true
			as = append(as, a.name()+" "+a.Status)
		}
		r.Lines = append(r.Lines, fmt.Sprintf("%+8.0fs %s %s: %s", at.Sub(v.recording.Begin).Seconds(), n.Status, n.Group, strings.Join(as, ", ")))
	}
	r.Told = slices.Sorted(maps.Keys(told))
	for _, g := range slices.Sorted(maps.Keys(last)) {
		if last[g] != "resolved" {
			r.open = append(r.open, g)
		}
	}
	return r, nil
}

// posted looks at what the exporter has sent.
func (v *view) posted(r *Report, ms []message) error {
	began := map[string]time.Time{}
	for _, m := range ms {
		var as []alert
		if err := json.Unmarshal(m.body, &as); err != nil {
			return err
		}
		for i := range as {
			a := &as[i]
			was, known := began[a.name()]
			began[a.name()] = a.StartsAt
			if !known || !a.StartsAt.Equal(was) {
				r.Fired++
			}
			if known && !a.StartsAt.Equal(was) {
				r.Early = append(r.Early, fmt.Sprintf("%s began anew after %s", a.name(), v.time(a.StartsAt).Sub(v.time(was)).Round(time.Second)))
			}
		}
	}
	r.Alerts = slices.Sorted(maps.Keys(began))
	return nil
}

// measure reads the exporter's metrics.
func (r *Report) measure(text string) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	mfs, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return // the caller has an error of its own
	}
	sum := func(name, label, value string) (n float64) {
		for _, m := range mfs[name].GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == label && l.GetValue() != value {
					m = nil
					break
				}
			}
			n += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		return n
	}
	r.firing = sum("kube_event_exporter_alerts", "state", "firing")
	r.pending = sum("kube_event_exporter_alerts", "state", "pending")
	r.Folded = int(sum("kube_event_exporter_alerts_folded_total", "", ""))
	r.Occurrences = int(sum("kube_event_occurrences_total", "", ""))
}

func (r *Report) phone(s phone.State) { r.Pushes, r.Sounds = s.Received, s.Sounds }
