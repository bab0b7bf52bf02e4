package history

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxShown is how many events one answer has.
const maxShown = 500

// query says which events are wanted.
type query struct {
	Namespace, Kind, Name string // of the involved object; Name may be its workload's
	Reason, Type          string
	Text                  string // in the message, the reason or the object
}

func parse(v url.Values) query {
	get := func(key string) string { return strings.TrimSpace(v.Get(key)) }
	return query{
		Namespace: get("namespace"), Kind: get("kind"), Name: get("name"), Reason: get("reason"), Type: get("type"), Text: get("q"),
	}
}

// Narrow tells whether not all events are wanted.
func (q query) Narrow() bool { return q != query{} }

// With returns the page's parameters with one changed.
func (q query) With(key, value string) string {
	v := url.Values{}
	for _, p := range [][2]string{
		{"namespace", q.Namespace}, {"kind", q.Kind}, {"name", q.Name}, {"reason", q.Reason}, {"type", q.Type}, {"q", q.Text}, {key, value},
	} {
		v.Del(p[0])
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	return "?" + v.Encode()
}

// Of returns the page's parameters for all that is kept of one object.
func (query) Of(e entry) string {
	return query{Namespace: e.Object.Namespace, Kind: e.Object.Kind}.With("name", e.Object.Name)
}

func (q query) wants(e *entry) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	return is(q.Namespace, e.Object.Namespace) && is(q.Kind, e.Object.Kind) && is(q.Reason, e.Reason) && is(q.Type, e.Type) &&
		(is(q.Name, e.Object.Name) || q.Name == e.Workload) && (q.Text == "" || e.contains(strings.ToLower(q.Text)))
}

func (e *entry) contains(text string) bool {
	for _, s := range []string{e.Message, e.Reason, e.Object.Name, e.Object.Namespace, e.Component} {
		if strings.Contains(strings.ToLower(s), text) {
			return true
		}
	}
	return false
}

// apply returns the events that are wanted, the latest first, and how many more
// there are than are shown.
func (q query) apply(all []entry, now time.Time) (shown []entry, more int) {
	for i := range all {
		if q.wants(&all[i]) && now.Sub(all[i].Last) <= keepFor {
			shown = append(shown, all[i])
		}
	}
	slices.SortStableFunc(shown, func(a, b entry) int { return b.Last.Compare(a.Last) })
	if len(shown) > maxShown {
		shown, more = shown[:maxShown], len(shown)-maxShown
	}
	return shown, more
}
