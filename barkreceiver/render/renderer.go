package render

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"time"

	amtemplate "github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/internal/frugal"
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
	opts    Options
	builtin *template.Template // as we wrote them
	tmpl    *template.Template // with what users changed and added
	params  []param
	own     map[string]bool // parameters that have a template of the same name in place of the default
	idle    sync.Pool       // of *bound
}

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
	r.builtin = template.New("bark").Option("missingkey=zero").Funcs(r.funcs())
	r.builtin, err = r.builtin.ParseFS(defaults, "common.tmpl", o.Language+".tmpl")
	if err == nil {
		r.tmpl, err = r.builtin.Clone()
	}
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
		if _, err := r.tmpl.New(p.name).Parse(text); err != nil {
			faults = append(faults, &FaultError{Param: p.name, Err: err})
		}
	}
	// Ours are known to end.
	ours := func(t *template.Template) bool {
		b := r.builtin.Lookup(t.Name())
		return b != nil && b.Tree == t.Tree
	}
	return r, errors.Join(append(faults, frugal.Instrument(r.tmpl, ours))...)
}

// empty tells whether a parameter is left out whatever comes, as most are that
// the configuration does not speak of.
func (r *Renderer) empty(param string) bool {
	t := r.tmpl.Lookup("bark." + param)
	return !r.own[param] && t != nil && parse.IsEmptyTree(t.Root)
}

// funcs returns Alertmanager's functions and ours. Those that depend on the
// message are put in anew for each, see [bound].
func (r *Renderer) funcs() template.FuncMap {
	f := template.FuncMap{}
	maps.Copy(f, template.FuncMap(amtemplate.DefaultFuncs))
	maps.Copy(f, template.FuncMap{
		"clock":      func(t time.Time) string { return r.clock(t, time.Now()) },
		"begin":      begin,
		"message":    message,
		"times":      times,
		"several":    several,
		"shorten":    shorten,
		"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
		"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
	})
	return f
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
