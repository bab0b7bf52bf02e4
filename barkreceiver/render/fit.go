package render

import (
	"sort"

	"github.com/kubebark/kubebark/barkreceiver/push"
)

// roughly what no push has room for, to spare measuring it.
const (
	manyAlerts = 256
	manyBytes  = push.MaxPayload
)

// texts are the two parameters that list alerts, each with a line below that
// says how many it lacks.
type texts struct{ body, markdown, more string }

func (t texts) put(p *push.Params) {
	p.Body, p.Markdown = below(t.body, t.more), ""
	if t.markdown != "" {
		p.Body, p.Markdown = t.body, below(t.markdown, t.more)
	}
}

func below(text, more string) string {
	if text == "" || more == "" {
		return text + more
	}
	return text + "\n" + more
}

// fit makes the push small enough: with fewer alerts, then with less text,
// then without what it can do without. In the end only the id and the level
// are left, so it always succeeds.
func (r *run) fit() {
	p := &r.out.Params
	t := texts{body: p.Body, markdown: p.Markdown}
	d := r.data
	if r.bound != nil && d.TruncatedAlerts > 0 && r.lists() {
		t.more = r.text("bark.more", d)
		t.put(p)
	}
	if r.in.Fits(p) {
		return
	}
	r.out.Truncated = true
	if r.bound != nil && d.NumAlerts > 1 && r.lists() {
		if t = r.fewer(t); r.in.Fits(p) {
			return
		}
	}
	r.cutText(t)
}

// lists tells whether the text depends on which alerts there are.
func (r *run) lists() bool {
	body, markdown := r.listing(0)
	return body != r.out.Params.Body || markdown != r.out.Params.Markdown
}

// listing renders body and markdown with the first n alerts. Faults were
// noted when all were rendered, and a template may well fail on no alerts.
func (r *run) listing(n int) (body, markdown string) {
	quiet := &run{renderer: r.renderer, in: r.in, bound: r.bound}
	few := r.data.first(n)
	for _, p := range r.renderer.params {
		switch p.name {
		case "body":
			body = quiet.param(p, few)
		case "markdown":
			if r.out.Params.Markdown != "" { // else fewer alerts make none either
				markdown = quiet.param(p, few)
			}
		}
	}
	return body, markdown
}

// fewer leaves alerts out until the push fits or one is left.
func (r *run) fewer(t texts) texts {
	p := &r.out.Params
	tried := -1
	try := func(n int) bool {
		tried = n
		t.body, t.markdown = r.listing(n)
		t.body, t.markdown = cut(t.body, 2*manyBytes), cut(t.markdown, 2*manyBytes)
		t.more = r.text("bark.more", r.data.first(n))
		t.put(p)
		return r.in.Fits(p)
	}
	if n := max(r.most(try), 1); n != tried {
		try(n)
	}
	return t
}

// most returns how many alerts fit at most, 0 if not even one does.
func (r *run) most(fits func(int) bool) int {
	some, tooMany := 0, min(r.data.NumAlerts, manyAlerts)
	if n := r.data.list.full(); n > 0 {
		// The list says nearly how many, so they are few steps from there.
		tooMany = min(tooMany, n)
		for step := 1; step < tooMany; step *= 2 {
			if fits(tooMany - step) {
				some = tooMany - step
				break
			}
			tooMany -= step
		}
	}
	return some + sort.Search(max(tooMany-some-1, 0), func(i int) bool { return !fits(some + i + 1) })
}

// cutText shortens texts and then drops what is only nice to have.
func (r *run) cutText(t texts) {
	p := &r.out.Params
	// A field's own text in the order of how little it is missed, and how
	// many bytes of it are left at least.
	long := &t.body
	if t.markdown != "" {
		long = &t.markdown
		t.body = cut(t.body, 200)
	}
	put := func() bool { t.put(p); return r.in.Fits(p) }
	steps := []struct {
		field *string
		floor int
	}{
		{long, 256},
		{&p.Copy, 0},
		{&p.Image, -1},
		{&p.Icon, -1},
		{&p.Subtitle, 128},
		{&p.Title, 128},
		{&p.Group, 48},
		{&p.URL, -1},
		{&p.Sound, -1},
		{long, 0},
		{&t.body, 0},
		{&p.Subtitle, 0},
		{&p.Group, 0},
		{&t.more, 0},
		{&p.Title, 0},
	}
	for _, s := range steps {
		if put() || shrink(s.field, s.floor, put) {
			return
		}
	}
}

// shrink cuts a text to what just fits, but not below floor bytes; below 0
// it is all or nothing.
func shrink(field *string, floor int, fits func() bool) bool {
	whole := cut(*field, manyBytes)
	if floor < 0 || whole == "" {
		*field = ""
		return fits()
	}
	if len(whole) <= floor {
		return false
	}
	try := func(n int) bool { *field = cut(whole, n); return fits() }
	over := sort.Search(len(whole)-floor, func(i int) bool { return !try(floor + i + 1) })
	return try(floor + over)
}

// Cut makes a rendered push fit by its text alone.
func Cut(p push.Params, fits func(*push.Params) bool) push.Params {
	r := &run{in: Input{Fits: fits}, out: Output{Params: p}}
	if !fits(&r.out.Params) {
		r.cutText(texts{body: p.Body, markdown: p.Markdown})
	}
	return r.out.Params
}
