package render

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	amtemplate "github.com/prometheus/alertmanager/template"
)

//go:embed common.tmpl en.tmpl zh.tmpl
var defaults embed.FS

// Languages are those that the default templates are written in.
func Languages() []string { return []string{"en", "zh"} }

// FaultError is what is wrong with a template.
type FaultError struct {
	Param string // the parameter whose template it is, "" for a file
	File  string
	Err   error
}

// Error names the template and its fault.
func (f *FaultError) Error() string {
	if f.Param != "" {
		return fmt.Sprintf("template of %s: %v", f.Param, f.Err)
	}
	return fmt.Sprintf("template file %s: %v", f.File, f.Err)
}

// Unwrap returns the fault alone.
func (f *FaultError) Unwrap() error { return f.Err }

// Options are the options of [New].
type Options struct {
	Source   string
	Receiver string
	Language string // one of Languages; "" means en
	Location *time.Location
	Files    []string          // of further templates
	Params   map[string]string // by ParamNames; what is left out has a default
	Resolved Resolved
}

// Renderer renders pushes for one receiver. It is safe for concurrent use.
type Renderer struct {
	opts   Options
	tmpl   *template.Template
	params []param
	own    map[string]bool // parameters whose template is not the default
}

// ownName is the template that a parameter of the configuration becomes.
func ownName(param string) string { return param }

// New parses the templates. All the faults that it returns are of type
// [*FaultError].
func New(o Options) (*Renderer, error) {
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	r := &Renderer{opts: o, params: params(), own: map[string]bool{}}
	var err error
	r.tmpl = template.New("bark").Option("missingkey=zero").Funcs(r.funcs())
	r.tmpl, err = r.tmpl.ParseFS(defaults, "common.tmpl", o.Language+".tmpl")
	if err != nil {
		return nil, fmt.Errorf("built-in templates: %w", err)
	}
	var faults []error
	for _, f := range o.Files {
		if _, err := r.tmpl.ParseFiles(f); err != nil {
			faults = append(faults, &FaultError{File: filepath.Base(f), Err: err})
		}
	}
	for _, p := range r.params {
		text, ok := o.Params[p.name]
		if !ok {
			continue
		}
		r.own[p.name] = true
		if _, err := r.tmpl.New(ownName(p.name)).Parse(text); err != nil {
			faults = append(faults, &FaultError{Param: p.name, Err: err})
		}
	}
	return r, errors.Join(faults...)
}

// funcs returns Alertmanager's functions and ours. Those that depend on the
// message are put in anew by bind.
func (r *Renderer) funcs() template.FuncMap {
	f := template.FuncMap{}
	maps.Copy(f, template.FuncMap(amtemplate.DefaultFuncs))
	maps.Copy(f, template.FuncMap{
		"clock":      func(t time.Time) string { return r.clock(t, time.Now()) },
		"begin":      begin,
		"message":    message,
		"times":      times,
		"shorten":    shorten,
		"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
	})
	return f
}

// bind returns a copy of the templates for one message.
func (r *Renderer) bind(in Input) (*template.Template, error) {
	t, err := r.tmpl.Clone()
	if err != nil {
		return nil, fmt.Errorf("copy templates: %w", err)
	}
	labels := in.Message.RouteLabels
	return t.Funcs(template.FuncMap{
		"clock":       func(t time.Time) string { return r.clock(t, in.Now) },
		"now":         func() time.Time { return in.Now.In(r.opts.Location) },
		"routeLabels": func(name string) string { return labels[name] },
	}), nil
}

// clock writes a time as short as it can be understood at now.
func (r *Renderer) clock(t, now time.Time) string {
	if t.IsZero() {
		return "?"
	}
	t, now = t.In(r.opts.Location), now.In(r.opts.Location)
	day := "Jan 2 "
	if r.opts.Language == "zh" {
		day = "1月2日 "
	}
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		day = ""
	case now.Sub(t).Abs() > 300*24*time.Hour:
		day = "2006-01-02 "
	}
	return t.Format(day + "15:04")
}

// maxText bounds what a template may write. More than a push has room for is
// of no use, but a template may still skip or shorten what another wrote.
const maxText = 64 << 10

var errFull = errors.New("the text is too long")

// limited keeps the first maxText bytes and then stops the template.
type limited struct{ bytes.Buffer }

func (w *limited) Write(p []byte) (int, error) {
	if n := maxText - w.Len(); len(p) > n {
		w.Buffer.Write(p[:max(n, 0)])
		return 0, errFull
	}
	return w.Buffer.Write(p)
}

func execute(t *template.Template, name string, d *Data) (string, error) {
	var w limited
	err := t.ExecuteTemplate(&w, name, d)
	if errors.Is(err, errFull) {
		err = nil
	}
	return strings.TrimSpace(strings.ToValidUTF8(w.String(), "\uFFFD")), err
}
