package render

import (
	"fmt"
	"text/template"
	"time"

	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// Input is what a push is made of.
type Input struct {
	Message    *webhook.Message
	Now        time.Time
	SilenceURL string
	// Fits tells whether a push is small enough; nil means
	// [push.Params.Fits].
	Fits func(*push.Params) bool
}

// Output is a rendered push.
type Output struct {
	Params    push.Params
	Severity  string        // the highest of the alerts that fire, or of all
	Truncated bool          // something had to be left out
	Faults    []*FaultError // of templates whose default had to take their place
}

// Render renders a message. ok is false when the receiver is not told of it.
func (r *Renderer) Render(in Input) (out Output, ok bool) {
	if in.Fits == nil {
		in.Fits = (*push.Params).Fits
	}
	m := in.Message
	id := r.ID(m)
	if m.AllResolved() {
		switch r.opts.Resolved {
		case None:
			return Output{}, false
		case Delete:
			return Output{Params: push.Params{ID: id, Delete: "1"}}, true
		case Fresh:
			id = hash("resolved", id, Digest(m))
		case Update:
		}
	}
	run := &run{renderer: r, in: in, data: newData(in, r.opts.Source)}
	run.out.Severity = run.data.Severity()
	var err error
	if run.tmpl, err = r.bind(in); err != nil {
		run.fault("", err)
		run.out.Params.Title = m.Receiver
	} else {
		run.all()
	}
	run.out.Params.ID = id
	run.fit()
	return run.out, true
}

// Watchdog renders the push that tells that nothing is heard from
// Alertmanager, or that it is back.
func (r *Renderer) Watchdog(heard, now time.Time, down bool) Output {
	m := &webhook.Message{Data: sampleData(now)}
	m.Alerts[0].StartsAt = heard
	run := &run{renderer: r, in: Input{Message: m, Now: now, Fits: (*push.Params).Fits}}
	run.data = newData(run.in, r.opts.Source)
	run.data.AllResolved = !down
	run.out.Params = push.Params{Level: "active", Group: "Alertmanager", ID: hash("watchdog", r.opts.Source, r.opts.Receiver)}
	if down {
		run.out.Params.Level = "timeSensitive"
	}
	run.special("bark.watchdog")
	return run.out
}

// special renders title and body of a push that is not about alerts.
func (r *run) special(name string) {
	var err error
	if r.tmpl, err = r.renderer.bind(r.in); err != nil {
		r.fault("", err)
		r.out.Params.Title = name
		return
	}
	r.out.Params.Title = r.text(name+".title", r.data)
	r.out.Params.Body = r.text(name+".body", r.data)
}

// Oversize renders the push that tells of a message too large to read.
func (r *Renderer) Oversize(now time.Time) Output {
	m := &webhook.Message{Data: sampleData(now), GroupKey: "too large"}
	m.Receiver, m.ExternalURL = r.opts.Receiver, ""
	run := &run{renderer: r, in: Input{Message: m, Now: now, Fits: (*push.Params).Fits}}
	run.data = newData(run.in, r.opts.Source)
	run.out.Params = push.Params{Level: "active", Group: "Alertmanager", ID: hash("too large", r.opts.Source, r.opts.Receiver)}
	run.special("bark.oversize")
	return run.out
}

// run is the rendering of one push.
type run struct {
	renderer *Renderer
	in       Input
	tmpl     *template.Template // nil if even copying failed
	data     *Data
	out      Output
}

func (r *run) fault(param string, err error) {
	r.out.Faults = append(r.out.Faults, &FaultError{Param: param, Err: err})
}

// all renders each parameter.
func (r *run) all() {
	for _, p := range r.renderer.params {
		*p.field(&r.out.Params) = r.param(p, r.data)
	}
}

// param renders one parameter. Where its own template fails or writes what
// Bark would not understand, the default takes its place.
func (r *run) param(p param, d *Data) string {
	for _, name := range r.names(p.name) {
		s, err := execute(r.tmpl, name, d)
		if err == nil && s != "" && p.check != nil {
			s, err = p.check(s)
		}
		if err == nil {
			return s
		}
		r.fault(p.name, err)
	}
	return ""
}

func (r *run) names(param string) []string {
	name := "bark." + param
	if param == "body" && r.renderer.own["markdown"] {
		name = "bark.fallback"
	}
	if r.renderer.own[param] {
		return []string{ownName(param), name}
	}
	return []string{name}
}

// text executes a template that is not a parameter's.
func (r *run) text(name string, d *Data) string {
	s, err := execute(r.tmpl, name, d)
	if err != nil {
		r.fault(name, err)
	}
	return s
}

// Check renders sample messages and returns what failed.
func (r *Renderer) Check(now time.Time) []error {
	var errs []error
	seen := map[string]bool{}
	for _, m := range Samples(now) {
		out, _ := r.Render(Input{Message: m, Now: now})
		for _, f := range out.Faults {
			if text := f.Error(); !seen[text] {
				seen[text] = true
				errs = append(errs, &FaultError{Param: f.Param, Err: fmt.Errorf("on a sample (%s): %w", m.NotificationReason, f.Err)})
			}
		}
	}
	return errs
}
