package render

import (
	"errors"
	"fmt"
	"time"

	"github.com/kubebark/kubebark/barkreceiver/push"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
	"github.com/kubebark/kubebark/internal/frugal"
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
			id = hash("resolved", id, Digest(m), Newest(m).Truncate(time.Minute).UTC().String())
		case Update:
		}
	}
	run := newRun(r, in)
	defer run.done()
	run.out.Severity = run.data.Severity()
	run.out.Params.Title = m.Receiver
	if run.bound != nil {
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
	run := newRun(r, Input{Message: m, Now: now, Fits: (*push.Params).Fits})
	defer run.done()
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
	if r.bound == nil {
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
	run := newRun(r, Input{Message: m, Now: now, Fits: (*push.Params).Fits})
	defer run.done()
	run.out.Params = push.Params{Level: "active", Group: "Alertmanager", ID: hash("too large", r.opts.Source, r.opts.Receiver)}
	run.special("bark.oversize")
	return run.out
}

// run is the rendering of one push.
type run struct {
	renderer *Renderer
	in       Input
	bound    *bound // nil if even copying failed
	data     *Data
	item     Item // of the list, the one that is being written
	out      Output
}

func newRun(r *Renderer, in Input) *run {
	run := &run{renderer: r, in: in, data: newData(in, r.opts.Source)}
	var err error
	if run.bound, err = r.bind(in); err != nil {
		run.fault("", err)
		return run
	}
	run.data.list = &list{render: run.alert}
	return run
}

// done gives back what others can use.
func (r *run) done() {
	if r.bound != nil {
		r.renderer.release(r.bound)
	}
}

func (r *run) clock(t time.Time) string { return r.renderer.clock(t, r.in.Now) }

// fault notes a fault, once: a list's may be in each alert.
func (r *run) fault(param string, err error) {
	if errors.Is(err, frugal.ErrSpent) {
		err = frugal.ErrSpent // where in a loop says nothing
	}
	for _, f := range r.out.Faults {
		if f.Param == param && f.Err.Error() == err.Error() {
			return
		}
	}
	r.out.Faults = append(r.out.Faults, &FaultError{Param: param, Err: err})
}

// all renders each parameter.
func (r *run) all() {
	for _, p := range r.renderer.params {
		if r.renderer.empty(p.name) {
			continue
		}
		*p.field(&r.out.Params) = r.param(p, r.data)
	}
}

// param renders one parameter. Where its own template fails or writes what
// Bark would not understand, the default takes its place, and where that was
// changed and fails too, the built-in one.
func (r *run) param(p param, d *Data) string {
	s := ""
	ok := r.try(r.names(p.name), p.name, d, func(text string) (err error) {
		s = text
		if s != "" && p.check != nil {
			s, err = p.check(s)
		}
		return err
	})
	if !ok {
		return ""
	}
	return s
}

func (r *run) names(param string) []string {
	name := "bark." + param
	if param == "body" && r.renderer.own["markdown"] {
		name = "bark.fallback"
	}
	if r.renderer.own[param] {
		return []string{param, name}
	}
	return []string{name}
}

// text executes a template that is not a parameter's.
func (r *run) text(name string, d any) string {
	s := ""
	r.try([]string{name}, name, d, func(text string) error { s = text; return nil })
	return s
}

// try executes the templates of these names, and then the built-in one of the
// last, until one writes what take takes.
func (r *run) try(names []string, param string, d any, take func(string) error) bool {
	for i := 0; i <= len(names); i++ {
		t, name := r.bound.tmpl, names[min(i, len(names)-1)]
		var err error
		if i == len(names) {
			t, err = r.bound.builtins()
		}
		var text string
		if err == nil {
			text, err = r.bound.execute(t, name, d)
		}
		if err == nil {
			err = take(text)
		}
		if err == nil {
			return true
		}
		r.fault(param, err)
	}
	return false
}

// Check renders sample messages and returns what failed.
func (r *Renderer) Check(now time.Time) []error {
	var errs []error
	seen := map[string]bool{}
	for _, s := range Samples(now) {
		out, _ := r.Render(Input{Message: s.Message, Now: now})
		for _, f := range out.Faults {
			if text := f.Error(); !seen[text] {
				seen[text] = true
				errs = append(errs, &FaultError{Param: f.Param, Err: fmt.Errorf("on a sample (%s): %w", s.Message.NotificationReason, f.Err)})
			}
		}
	}
	return errs
}
