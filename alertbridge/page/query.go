package page

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/kubebark/kubebark/alertbridge/episode"
)

// query says which alerts are wanted, and in which order.
type query struct {
	Text        string // in any label, annotation or rule
	State       string
	Severity    string
	Sort        string
	Fingerprint string
}

func parseQuery(r *http.Request) query {
	f := r.URL.Query()
	return query{
		Text: strings.TrimSpace(f.Get("q")), State: f.Get("state"), Severity: f.Get("severity"),
		Sort: f.Get("sort"), Fingerprint: f.Get("fingerprint"),
	}
}

// States, Severities and Sorts are what the page offers.
func (query) States() []string     { return []string{"firing", "pending", "ended"} }
func (query) Severities() []string { return []string{"critical", "warning", "info"} }
func (query) Sorts() []string      { return []string{"last", "since", "count", "reason", "namespace"} }

// Narrow tells whether not all alerts are wanted.
func (q query) Narrow() bool {
	return q.Text != "" || q.State != "" || q.Severity != "" || q.Fingerprint != ""
}

func (q query) apply(all []episode.View) []episode.View {
	var vs []episode.View
	for i := range all {
		if q.wants(&all[i]) {
			vs = append(vs, all[i])
		}
	}
	q.sort(vs)
	return vs
}

func (q query) wants(v *episode.View) bool {
	return (q.State == "" || q.State == v.State.String()) &&
		(q.Severity == "" || q.Severity == v.Labels["severity"]) &&
		(q.Fingerprint == "" || q.Fingerprint == v.Fingerprint) &&
		(q.Text == "" || contains(v, strings.ToLower(q.Text)))
}

func contains(v *episode.View, text string) bool {
	if strings.Contains(strings.ToLower(v.Rule.Name), text) {
		return true
	}
	for _, m := range []map[string]string{v.Labels, v.Annotations} {
		for _, s := range m {
			if strings.Contains(strings.ToLower(s), text) {
				return true
			}
		}
	}
	return false
}

// sort leaves the order in which the alerts come where none is asked for.
func (q query) sort(vs []episode.View) {
	var less func(a, b *episode.View) int
	switch q.Sort {
	case "last":
		less = func(a, b *episode.View) int { return b.Last.Compare(a.Last) }
	case "since":
		less = func(a, b *episode.View) int { return a.ActiveAt.Compare(b.ActiveAt) }
	case "count":
		less = func(a, b *episode.View) int { return cmp.Compare(b.Count, a.Count) }
	case "reason", "namespace":
		less = func(a, b *episode.View) int { return cmp.Compare(a.Labels[q.Sort], b.Labels[q.Sort]) }
	default:
		return
	}
	slices.SortStableFunc(vs, func(a, b episode.View) int { return less(&a, &b) })
}
