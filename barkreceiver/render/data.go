package render

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// eventSource is the label source of alerts about Kubernetes events.
const eventSource = "kubernetes-event"

// Data is what templates see: Alertmanager's data and some more.
type Data struct {
	*template.Data

	GroupKey        string
	TruncatedAlerts uint64 // left out by Alertmanager for max_alerts
	Source          string // as configured
	SilenceURL      string // "" where silence links are off

	// Counts of all alerts that came, also where the body has room for some
	// only and .Alerts has but those.
	NumAlerts, NumFiring, NumResolved int
	// More is how many alerts of the group .Alerts lacks.
	More int
	// AllResolved is set when nothing of the group fires any more.
	AllResolved bool

	all  template.Alerts
	list *list // nil where no templates are at hand

	name, place string // of the group
}

func newData(in Input, source string) *Data {
	m := in.Message
	d := &Data{
		Data: m.Data, GroupKey: m.GroupKey, TruncatedAlerts: m.TruncatedAlerts,
		Source: source, SilenceURL: in.SilenceURL,
		NumAlerts: len(m.Alerts), AllResolved: m.AllResolved(), all: m.Alerts,
	}
	for _, a := range m.Alerts {
		if a.Status == webhook.Firing {
			d.NumFiring++
		}
	}
	d.NumResolved = d.NumAlerts - d.NumFiring
	d.name, d.place = d.nameOf(), place(d.Common)
	return d.first(d.NumAlerts)
}

// first returns data that have only the first n alerts.
func (d *Data) first(n int) *Data {
	few, inner := *d, *d.Data
	inner.Alerts = d.all[:n]
	few.Data = &inner
	few.More = d.NumAlerts - n + int(min(d.TruncatedAlerts, 1<<30))
	return &few
}

// Common returns the value of a label that is the same in the whole group. Of
// a group that Alertmanager has cut only the labels it is grouped by are known
// to be.
func (d *Data) Common(label string) string {
	if v := d.GroupLabels[label]; v != "" || d.TruncatedAlerts > 0 {
		return v
	}
	return d.CommonLabels[label]
}

// Name returns what the alerts of the group say, "" when they differ: the
// reason of an alert that is about a Kubernetes event, else the alertname.
func (d *Data) Name() string { return d.name }

func (d *Data) nameOf() string {
	name := alertName(d.Common)
	if len(d.all) > 0 && d.all[0].Labels["source"] == eventSource {
		// A group that was cut may be known to agree on the alertname only.
		name = strings.TrimPrefix(name, "KubeEvent")
	}
	return name
}

// Place returns where the trouble is, as far as the alerts agree:
// namespace/object, one of both, or "".
func (d *Data) Place() string { return d.place }

// Cluster returns the label of that name.
func (d *Data) Cluster() string { return d.Common("cluster") }

// Severity returns the highest severity of the alerts that fire, or of all if
// none does: critical, warning or info. Other words are taken for one of
// these.
func (d *Data) Severity() string {
	rank := 0
	for _, a := range d.all {
		if d.NumFiring == 0 || a.Status == webhook.Firing {
			rank = max(rank, severityRank(a.Labels["severity"]))
		}
	}
	return [...]string{"info", "warning", "critical"}[rank]
}

func severityRank(s string) int {
	switch strings.ToLower(s) {
	case "critical", "page", "emergency", "disaster", "fatal", "p0", "p1", "sev0", "sev1":
		return 2
	case "info", "information", "informational", "notice", "debug", "none", "low":
		return 0
	}
	return 1
}

// Since returns when the trouble began that has lasted longest: of the alerts
// that fire, or of all if none does.
func (d *Data) Since() time.Time {
	var first time.Time
	for _, a := range d.all {
		if d.NumFiring > 0 && a.Status != webhook.Firing {
			continue
		}
		if t := begin(a); first.IsZero() || t.Before(first) {
			first = t
		}
	}
	return first
}

// EndedBy returns how the alerts ended, where they agree; see the annotation
// ended_by of kube-event-exporter's alerts.
func (d *Data) EndedBy() string {
	how := ""
	for i, a := range d.all {
		v := a.Annotations["ended_by"]
		if v == "" || i > 0 && v != how {
			return ""
		}
		how = v
	}
	return how
}

// Page returns where to look at the trouble: the page of the first alert that
// has one on the web, or else Alertmanager's.
func (d *Data) Page() string {
	for _, a := range d.all {
		if strings.HasPrefix(a.GeneratorURL, "http://") || strings.HasPrefix(a.GeneratorURL, "https://") {
			return a.GeneratorURL
		}
	}
	return d.ExternalURL
}

// Which returns what tells an alert from the others of its group: its name
// and place where the group's differ, else the labels that do.
func (d *Data) Which(a template.Alert) string {
	own := func(l string) string { return a.Labels[l] }
	var parts []string
	if d.name == "" {
		parts = append(parts, alertName(own))
	}
	if p := place(own); p != d.place {
		parts = append(parts, strings.TrimPrefix(p, d.place+"/"))
	}
	if len(parts) > 0 {
		return strings.Join(parts, " ")
	}
	for _, p := range a.Labels.SortedPairs() {
		if d.Common(p.Name) != p.Value {
			parts = append(parts, p.Name+"="+p.Value)
		}
	}
	return strings.Join(parts, " ")
}

func alertName(label func(string) string) string {
	if r := label("reason"); r != "" && label("source") == eventSource {
		return r
	}
	return label("alertname")
}

func place(label func(string) string) string {
	var parts []string
	for _, p := range []string{label("namespace"), object(label)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "/")
}

// object returns what an alert is about within its namespace. The instance
// comes last: where there is a namespace it is the exporter's, not the
// trouble's.
func object(label func(string) string) string {
	if label("kind") != "" && label("name") != "" {
		return label("name")
	}
	names := []string{
		"pod", "deployment", "statefulset", "daemonset", "job_name", "cronjob",
		"persistentvolumeclaim", "horizontalpodautoscaler", "service", "node",
	}
	if label("namespace") == "" {
		names = append(names, "instance", "host", "job")
	}
	i := slices.IndexFunc(names, func(n string) bool { return label(n) != "" })
	if i < 0 {
		return ""
	}
	return label(names[i])
}

// begin returns when an alert's trouble began, which is before it fired.
func begin(a template.Alert) time.Time {
	if first := a.Annotations["first_seen"]; first != "" {
		if t, err := time.Parse(time.RFC3339, first); err == nil && t.Before(a.StartsAt) {
			return t
		}
	}
	return a.StartsAt
}

// message returns an alert's text, as annotations have it, or else its labels.
func message(a template.Alert) string {
	for _, name := range []string{"description", "message", "summary"} {
		if v := strings.TrimSpace(a.Annotations[name]); v != "" {
			return v
		}
	}
	return a.Labels.Remove([]string{"alertname", "severity"}).String()
}

// times returns how often an alert's event has occurred, "" if once or
// unknown.
func times(a template.Alert) string { return several(a.Annotations["count"]) }

// several returns a number that is more than one, "" for what is not.
func several(s string) string {
	if n, err := strconv.Atoi(s); err == nil && n > 1 {
		return strconv.Itoa(n)
	}
	return ""
}
