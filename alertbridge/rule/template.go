package rule

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"

	amtemplate "github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/frugal"
)

// labelData is what a label's template sees: nothing that changes while the
// trouble stays the same.
type labelData struct {
	Labels    amtemplate.KV // as they are without the rule's
	Type      string
	Reason    string
	Namespace string
	Kind      string
	Name      string // the object's own
	Workload  string
	Component string
	Host      string
}

// annotationData is what an annotation's template sees.
type annotationData struct {
	labelData // with the rule's labels

	Annotations amtemplate.KV // as they are without the rule's
	About       string        // what the alert is about: Pod shop/cart (3 objects)
	Message     string
	Object      string
	Objects     int
	Count       int64
	FirstSeen   time.Time
	LastSeen    time.Time
}

// text is a template, or a literal where there is nothing to execute.
type text struct {
	name    string
	literal string
	// tmpl returns the template, nil for a literal. It is made when it is first
	// executed: it takes a dozen kilobytes, and most rules never apply.
	tmpl func() *frugal.Template
}

// limits are those of one text: an event's message may be of a megabyte, and
// what is beyond maxAnnotation is cut off anyway.
func limits() frugal.Limits { return frugal.Limits{Text: 64 << 10, Work: 16 << 20} }

func (t *text) execute(data any) (string, error) {
	if t.tmpl == nil {
		return t.literal, nil
	}
	return t.tmpl().Execute(data)
}

// set is texts in the order of their names.
type set []text

// fixed are the labels that an event alone decides; the rest of the world
// relies on them.
func fixed(label string) bool {
	switch label {
	case "alertname", "reason", "source", "namespace", "kind", "name":
		return true
	}
	return false
}

func parseLabels(specs map[string]string) (set, error) {
	funcs := template.FuncMap(maps.Clone(amtemplate.DefaultFuncs))
	delete(funcs, "now")
	delete(funcs, "since")
	var (
		ts   set
		errs []error
	)
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		t, err := parseLabel(name, specs[name], funcs)
		errs = append(errs, conf.Field(err, "labels", name))
		ts = append(ts, t)
	}
	return ts, errors.Join(errs...)
}

func parseLabel(name, s string, funcs template.FuncMap) (text, error) {
	switch {
	case !model.UTF8Validation.IsValidLabelName(name):
		return text{}, fmt.Errorf("%q cannot be the name of a label", name)
	case fixed(name):
		return text{}, errors.New("comes from the event; a rule cannot set it")
	}
	if m := unstable.FindStringSubmatch(s); m != nil {
		return text{}, fmt.Errorf("a label must not hold a message, a count, a time or a UID (%s): "+
			"each value of it would be another alert; put it into an annotation", m[1])
	}
	return parseText(name, s, funcs, labelData{}, sampleLabels())
}

// unstable finds in a template what a label must not hold. Labels' templates
// do not see it anyway; this is for a good message.
var unstable = regexp.MustCompile(`\{\{[^}]*?(\.(?:Message|Count|Objects?|FirstSeen|LastSeen|UID|Annotations)\b|\b(?:now|since)\b)`)

func parseAnnotations(specs map[string]string) (set, error) {
	var (
		ts   set
		errs []error
	)
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		t, err := parseText(name, specs[name], template.FuncMap(amtemplate.DefaultFuncs),
			annotationData{}, sampleAnnotations())
		if !model.UTF8Validation.IsValidLabelName(name) {
			err = fmt.Errorf("%q cannot be the name of an annotation", name)
		}
		errs = append(errs, conf.Field(err, "annotations", name))
		ts = append(ts, t)
	}
	return ts, errors.Join(errs...)
}

// parseText parses a template and tries it on each sample.
func parseText(name, s string, funcs template.FuncMap, samples ...any) (text, error) {
	t := text{name: name, literal: s}
	if !strings.Contains(s, "{{") {
		return t, nil
	}
	parse := func() (*frugal.Template, error) { return frugal.Parse(name, s, funcs, limits()) }
	tried, err := parse()
	if err != nil {
		return t, templateError(err)
	}
	for _, d := range samples {
		if _, err := tried.Execute(d); err != nil {
			return t, templateError(err)
		}
	}
	t.tmpl = sync.OnceValue(func() *frugal.Template {
		tmpl, _ := parse() // it could be parsed before
		return tmpl
	})
	return t, nil
}

var (
	noField   = regexp.MustCompile(`<([^>]*)>: can't evaluate field (\S+) in type rule\.\S+$`)
	atElement = regexp.MustCompile(`^template: [^:]*:`)
)

// templateError says the same in the words of whoever wrote the template.
func templateError(err error) error {
	if errors.Is(err, frugal.ErrSpent) {
		return fmt.Errorf("bad template: %w", frugal.ErrSpent)
	}
	s := err.Error()
	if m := noField.FindStringSubmatch(s); m != nil {
		return fmt.Errorf("bad template: there is no .%s in %s", m[2], m[1])
	}
	return fmt.Errorf("bad template: line %s", atElement.ReplaceAllString(s, ""))
}

func sampleLabels() labelData {
	return labelData{
		Labels: amtemplate.KV{
			"alertname": "KubeEventBackOff", "reason": "BackOff", "source": Source, "severity": "warning",
			"namespace": "shop", "kind": "Pod", "name": "cart",
		},
		Type: "Warning", Reason: "BackOff", Namespace: "shop", Kind: "Pod", Name: "cart-7dc45b778d-x2x4q",
		Workload: "cart", Component: "kubelet", Host: "node-1",
	}
}

func sampleAnnotations() annotationData {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return annotationData{
		labelData:   sampleLabels(),
		Annotations: amtemplate.KV{"summary": "BackOff: Pod shop/cart", "description": "Back-off restarting failed container"},
		About:       "Pod shop/cart",
		Message:     "Back-off restarting failed container", Object: "Pod/shop/cart-7dc45b778d-x2x4q",
		Objects: 1, Count: 3, FirstSeen: at, LastSeen: at.Add(time.Minute),
	}
}
