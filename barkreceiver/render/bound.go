package render

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	amtemplate "github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/internal/frugal"
)

// bound is a copy of the templates whose functions know a message. A copy
// costs more than a message, so they are used again, by one run at a time.
type bound struct {
	renderer *Renderer
	tmpl     *template.Template
	builtin  *template.Template // nil until it is needed
	now      time.Time
	labels   amtemplate.KV
	budget   frugal.Budget

	text, line frugal.Text // what is being written: a parameter, and an alert within it
	writing    bool
}

// bind returns templates for one message. Who has them gives them back with
// [Renderer.release].
func (r *Renderer) bind(in Input) (*bound, error) {
	b, ok := r.idle.Get().(*bound)
	if !ok {
		b = &bound{renderer: r, text: frugal.Text{Limit: maxText}, line: frugal.Text{Limit: maxText}}
		var err error
		if b.tmpl, err = b.copyOf(r.tmpl, b.budget.Funcs(template.FuncMap(amtemplate.DefaultFuncs))); err != nil {
			return nil, err
		}
	}
	b.now, b.labels = in.Now, in.Message.RouteLabels
	return b, nil
}

func (r *Renderer) release(b *bound) {
	b.labels = nil
	r.idle.Put(b)
}

// copyOf copies templates that get these functions, and those that know the
// message.
func (b *bound) copyOf(t *template.Template, funcs template.FuncMap) (*template.Template, error) {
	t, err := t.Clone()
	if err != nil {
		return nil, fmt.Errorf("copy templates: %w", err)
	}
	return t.Funcs(funcs).Funcs(template.FuncMap{
		"clock":       func(t time.Time) string { return b.renderer.clock(t, b.now) },
		"now":         func() time.Time { return b.now.In(b.renderer.opts.Location) },
		"routeLabels": func(name string) string { return b.labels[name] },
	}), nil
}

// builtins returns the templates that no file has changed.
func (b *bound) builtins() (*template.Template, error) {
	if b.builtin != nil {
		return b.builtin, nil
	}
	var err error
	b.builtin, err = b.copyOf(b.renderer.builtin, nil)
	return b.builtin, err
}

// maxText bounds what a template may write. More than a push has room for is
// of no use, but a template may still skip or shorten what another wrote.
// maxWork is what it may spend on that: a message of 16 MiB can be gone through.
const (
	maxText = 64 << 10
	maxWork = 32 << 20
)

// execute returns what a template writes.
func (b *bound) execute(t *template.Template, name string, d any) (string, error) {
	w := &b.text
	if b.writing {
		w = &b.line
	} else {
		b.writing = true
		defer func() { b.writing = false }()
	}
	w.Reset()
	defer func(outer frugal.Budget) { b.budget = outer }(b.budget)
	b.budget.Reset(maxWork)
	err := t.ExecuteTemplate(w, name, d)
	if errors.Is(err, frugal.ErrFull) {
		err = nil
	}
	text := strings.TrimSpace(w.String())
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return text, err
}
