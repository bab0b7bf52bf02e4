package rule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

const fields = "type, reason, namespace, kind, name, component, host, message, workload"

// field returns what a matcher on the field sees; ok tells whether there is
// such a field.
func field(name string, ev *occurrence.Event) (value string, ok bool) {
	switch name {
	case "type":
		return ev.Type, true
	case "reason":
		return ev.Reason, true
	case "namespace":
		return ev.Object.Namespace, true
	case "kind":
		return ev.Object.Kind, true
	case "name":
		return ev.Object.Name, true
	case "component":
		return ev.Component, true
	case "host":
		return ev.Host, true
	case "message":
		return ev.Message, true
	case "workload":
		return occurrence.Workload(ev.Object.Kind, ev.Object.Name), true
	}
	return "", false
}

// matchers must all match. Those of type and reason come apart, for they
// decide alone which rules an event can match at all.
type matchers struct {
	first []matcher // type and reason
	rest  []matcher
}

// matcher is one of Alertmanager's. Where its pattern is a choice of words, these are
// compared, and no automaton is kept: of the shipped rules most are that.
type matcher struct {
	*labels.Matcher

	words []string // nil for any other pattern
}

var choice = regexp.MustCompile(`^[A-Za-z0-9]+(\|[A-Za-z0-9]+)*$`)

func matcherOf(m *labels.Matcher) matcher {
	if (m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp) && choice.MatchString(m.Value) {
		return matcher{&labels.Matcher{Type: m.Type, Name: m.Name, Value: m.Value}, strings.Split(m.Value, "|")}
	}
	return matcher{Matcher: m}
}

// Matches tells what [labels.Matcher.Matches] does.
func (m matcher) Matches(s string) bool {
	if m.words == nil {
		return m.Matcher.Matches(s)
	}
	return slices.Contains(m.words, s) == (m.Type == labels.MatchRegexp)
}

func parseMatchers(specs []string) (matchers, error) {
	var (
		ms   matchers
		errs []error
	)
	if len(specs) == 0 {
		return ms, conf.Field(errors.New(`at least one is needed, such as 'reason="BackOff"'`), "matchers")
	}
	for i, s := range specs {
		if err := ms.parse(s); err != nil {
			errs = append(errs, conf.Field(err, "matchers", strconv.Itoa(i)))
		}
	}
	return ms, errors.Join(errs...)
}

func (ms *matchers) parse(s string) error {
	parsed, err := parse.Matchers(s)
	if err != nil {
		return fmt.Errorf(`%w; want name, operator (= != =~ !~) and a quoted value, such as reason="BackOff"`, err)
	}
	if len(parsed) == 0 {
		return fmt.Errorf("no matcher in %q", s)
	}
	for _, m := range parsed {
		switch _, ok := field(m.Name, &occurrence.Event{}); {
		case !ok:
			return fmt.Errorf("events have no field %q; there are %s", m.Name, fields)
		case m.Name == "type" || m.Name == "reason":
			ms.first = append(ms.first, matcherOf(m))
		default:
			ms.rest = append(ms.rest, matcherOf(m))
		}
	}
	return nil
}

func matchAll(ms []matcher, ev *occurrence.Event) bool {
	for _, m := range ms {
		if v, _ := field(m.Name, ev); !m.Matches(v) {
			return false
		}
	}
	return true
}

// reason tells whether a rule with these matchers can match the reason.
func (ms *matchers) reason(reason string) bool {
	for _, m := range ms.first {
		if m.Name == "reason" && !m.Matches(reason) {
			return false
		}
	}
	return true
}

func (ms *matchers) String() string {
	var parts []string
	for _, m := range ms.first {
		parts = append(parts, m.String())
	}
	for _, m := range ms.rest {
		parts = append(parts, m.String())
	}
	return strings.Join(parts, ", ")
}
