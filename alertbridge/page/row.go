package page

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/internal/webpage"
)

// row is an alert as the page shows it.
type row struct {
	episode.View

	Title  string
	Labels []pair
	Extra  []pair // annotations that have no place of their own
	Waits  string
	// Also leads to what else happened to the same workload.
	Also string
	// Silence leads to where people may silence it; "" if that is not known.
	Silence string
	// Delivery is what Alertmanager makes of it; nil if that is not known.
	Delivery *delivery
}

type pair struct{ Name, Value string }

func (p *Pages) rows(vs []episode.View, statuses map[string]notify.Status, titles map[string]string) []row {
	rs := make([]row, len(vs))
	for i := range vs {
		v := &vs[i]
		rs[i] = row{View: *v, Title: v.Annotations["summary"], Labels: pairs(v.Labels), Waits: waits(v), Also: events(v)}
		extra := maps.Clone(v.Annotations)
		for _, k := range []string{"summary", "description", "objects", "count", "first_seen", "last_seen", "object"} {
			delete(extra, k)
		}
		rs[i].Extra = pairs(extra)
		if v.State == episode.Firing {
			if s, ok := statuses[v.Fingerprint]; ok {
				rs[i].Delivery = p.delivery(&s, titles)
			}
			rs[i].Silence = p.silence(v.Labels, "source", "reason", "namespace", "kind", "name")
		}
	}
	return rs
}

func pairs(m map[string]string) []pair {
	var ps []pair
	for _, k := range slices.Sorted(maps.Keys(m)) {
		ps = append(ps, pair{k, m[k]})
	}
	return ps
}

// waits says what would change the state of the alert.
func waits(v *episode.View) string {
	switch v.State {
	case episode.Pending:
		return "fires once " + v.Rule.Hold() + "; forgotten " + webpage.Until(time.Until(v.EndsAt)) + " if nothing more is heard"
	case episode.Ended:
		return "over: " + v.Annotations["ended_by"]
	}
	if v.Recovering {
		return "over if the recovery holds for " + model.Duration(v.Rule.ResolveAfter).String()
	}
	s := "over " + webpage.Until(time.Until(v.EndsAt)) + " if nothing more is heard"
	if len(v.Rule.ResolveOn) > 0 && !v.Folded {
		s += ", or on " + strings.Join(v.Rule.ResolveOn, ", ")
		if v.Rule.ResolveAfter > 0 {
			s += " that holds for " + model.Duration(v.Rule.ResolveAfter).String()
		}
		if v.Affected > 1 {
			s += fmt.Sprintf(" of each object (%d of %d so far)", v.Recovered, v.Affected)
		}
	}
	if v.KeptAlive {
		s += "; kept alive: its source is too busy with the object to write this reason"
	}
	return s
}

// jsonAlert is an alert of /api/v1/alerts.
type jsonAlert struct {
	Fingerprint string            `json:"fingerprint"`
	State       string            `json:"state"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Rule        jsonRule          `json:"rule"`
	Folded      bool              `json:"folded,omitempty"`
	ActiveAt    time.Time         `json:"activeAt"`
	StartsAt    *time.Time        `json:"startsAt,omitempty"` // not while pending
	EndsAt      time.Time         `json:"endsAt"`
	LastAt      time.Time         `json:"lastAt"`
	WaitsFor    string            `json:"waitsFor"`
	KeptAlive   bool              `json:"keptAlive,omitempty"`
	Count       int64             `json:"count"`
	Affected    int               `json:"affected"`
	Recovered   int               `json:"recovered"`
	Objects     []string          `json:"objects"`
	Events      []jsonEvent       `json:"events"`
	EventsURL   string            `json:"eventsURL"` // relative to this program's pages
	// Alertmanager is what the first one that answers makes of a firing alert;
	// it is left out where none was asked or none knows it yet.
	Alertmanager *jsonDelivery `json:"alertmanager,omitempty"`
}

type jsonRule struct {
	Name     string `json:"name"`
	Why      string `json:"why,omitempty"`
	Matchers string `json:"matchers"`
}

type jsonEvent struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Object    string    `json:"object"`
	Message   string    `json:"message"`
	Count     int64     `json:"count"`
	LastAt    time.Time `json:"lastAt"`
}

func (p *Pages) serveAlertsJSON(w http.ResponseWriter, r *http.Request) {
	as := []jsonAlert{}
	statuses, fault := p.ask(r.Context())
	for _, v := range parseQuery(r).apply(p.source.Views()) {
		a := toJSON(&v)
		if s, ok := statuses[v.Fingerprint]; ok && v.State == episode.Firing {
			a.Alertmanager = deliveryJSON(&s)
		}
		as = append(as, a)
	}
	data := map[string]any{"alerts": as}
	if fault != "" {
		data["alertmanagerFault"] = fault
	}
	webpage.JSON(w, p.logger, data)
}

func toJSON(v *episode.View) jsonAlert {
	a := jsonAlert{
		Fingerprint: v.Fingerprint, State: v.State.String(), Labels: v.Labels, Annotations: v.Annotations,
		Rule: ruleOf(v.Rule), Folded: v.Folded, ActiveAt: v.ActiveAt.UTC(), EndsAt: v.EndsAt.UTC(), LastAt: v.Last.UTC(),
		WaitsFor: waits(v), KeptAlive: v.KeptAlive, Count: v.Count, Affected: v.Affected, Recovered: v.Recovered,
		Objects: append([]string{}, v.Objects...), Events: []jsonEvent{}, EventsURL: events(v),
	}
	if !v.StartsAt.IsZero() {
		t := v.StartsAt.UTC()
		a.StartsAt = &t
	}
	for _, e := range v.Events {
		a.Events = append(a.Events, jsonEvent{e.Namespace, e.Name, e.Object, e.Message, e.Count, e.Last.UTC()})
	}
	return a
}

func ruleOf(r *rule.Rule) jsonRule { return jsonRule{r.Name, r.Why, r.Matchers()} }
