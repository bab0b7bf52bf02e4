package silence

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

type labels map[string]string

// matcher takes a label that has one of the values.
type matcher struct {
	Name   string
	Values []string
}

func (m matcher) String() string {
	if len(m.Values) == 1 {
		return m.Name + "=" + m.Values[0]
	}
	return m.Name + "=" + strings.Join(m.Values, " | ")
}

// regex returns the values as Alertmanager's anchored expression.
func (m matcher) regex() string {
	quoted := make([]string, len(m.Values))
	for i, v := range m.Values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return strings.Join(quoted, "|")
}

type matchers []matcher

func (ms matchers) match(ls labels) bool {
	for _, m := range ms {
		if !slices.Contains(m.Values, ls[m.Name]) {
			return false
		}
	}
	return true
}

// fit returns sets of matchers, each for one silence, that take the alerts and
// nothing but what has all their labels. Alerts that differ in one label only
// share a set; that label is chosen so that there are few sets.
func fit(alerts []labels) []matchers {
	var best []matchers
	names := map[string]bool{"": true} // "" is: in none
	for _, ls := range alerts {
		for n := range ls {
			names[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if sets := fitBut(alerts, n); best == nil || len(sets) < len(best) {
			best = sets
		}
	}
	return best
}

// fitBut puts together alerts that are alike but for one label.
func fitBut(alerts []labels, loose string) []matchers {
	index := map[string]int{}
	var sets []matchers
	for _, ls := range alerts {
		var id strings.Builder
		var ms matchers
		for _, n := range slices.Sorted(maps.Keys(ls)) {
			ms = append(ms, matcher{n, []string{ls[n]}})
			id.WriteString(n + "\xff")
			if n != loose {
				id.WriteString(ls[n] + "\xff")
			}
		}
		i, ok := index[id.String()]
		if !ok {
			index[id.String()] = len(sets)
			sets = append(sets, ms)
			continue
		}
		for j, m := range sets[i] {
			if m.Name == loose && !slices.Contains(m.Values, ls[loose]) {
				sets[i][j].Values = append(sets[i][j].Values, ls[loose])
			}
		}
	}
	return sets
}
