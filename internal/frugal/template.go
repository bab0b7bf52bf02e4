package frugal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"text/template"
	"text/template/parse"
)

// What loops and templates call. No text names functions like these by
// accident.
const (
	turnName  = "_turn"
	enterName = "_enter"
)

// Instrument makes all loops and templates pay that t and its associates have,
// but for those that spare says need not. Their functions must be a
// [Budget]'s.
func Instrument(t *template.Template, spare func(*template.Template) bool) error {
	enter, err := call(enterName)
	if err != nil {
		return err
	}
	turn, err := call(turnName)
	if err != nil {
		return err
	}
	for _, t := range t.Templates() {
		if t.Tree == nil || t.Root == nil || spare != nil && spare(t) {
			continue
		}
		instrument(t.Root, turn)
		prepend(t.Root, enter)
	}
	return nil
}

// call returns the call of a function as templates have it.
func call(name string) (parse.Node, error) {
	t, err := template.New("").Funcs(template.FuncMap{name: func() string { return "" }}).Parse("{{" + name + "}}")
	if err != nil {
		return nil, fmt.Errorf("instrument templates: %w", err)
	}
	return t.Root.Nodes[0], nil
}

func prepend(l *parse.ListNode, n parse.Node) { l.Nodes = slices.Insert(l.Nodes, 0, n.Copy()) }

func instrument(l *parse.ListNode, turn parse.Node) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.RangeNode:
			instrument(n.List, turn)
			instrument(n.ElseList, turn)
			prepend(n.List, turn)
		case *parse.IfNode:
			instrument(n.List, turn)
			instrument(n.ElseList, turn)
		case *parse.WithNode:
			instrument(n.List, turn)
			instrument(n.ElseList, turn)
		}
	}
}

// Template is one text that is executed within bounds. It is safe for concurrent
// use: one execution at a time.
type Template struct {
	mu     sync.Mutex
	tmpl   *template.Template
	budget Budget
	limits Limits
}

// Limits are those of each execution of a [Template].
type Limits struct {
	Text int // bytes that it may write; what is beyond is cut off
	Work int // bytes that it may spend
}

// Parse parses a text; where there is no key, a map has its zero value.
func Parse(name, text string, funcs template.FuncMap, l Limits) (*Template, error) {
	t := &Template{limits: l}
	var err error
	t.tmpl, err = template.New(name).Option("missingkey=zero").Funcs(t.budget.Funcs(funcs)).Parse(text)
	if err != nil {
		return nil, err
	}
	return t, Instrument(t.tmpl, nil)
}

// Execute returns what the template writes.
func (t *Template) Execute(data any) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.budget.Reset(t.limits.Work)
	out := Text{Limit: t.limits.Text} // none is kept: there are many templates
	err := t.tmpl.Execute(&out, data)
	if err != nil && !errors.Is(err, ErrFull) {
		return "", err
	}
	return out.String(), nil
}

// ErrFull ends a template that has written all that a [Text] has room for.
var ErrFull = errors.New("the text is too long")

// Text takes what a template writes, up to a limit. It fails with [ErrFull] on what
// is beyond.
type Text struct {
	bytes.Buffer

	Limit int // bytes
}

// Write implements [io.Writer].
func (t *Text) Write(p []byte) (int, error) {
	if n := t.Limit - t.Len(); len(p) > n {
		t.Buffer.Write(p[:max(n, 0)])
		return 0, ErrFull
	}
	return t.Buffer.Write(p)
}
