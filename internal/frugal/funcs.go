package frugal

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"strings"
	"text/template"
)

// Funcs returns the functions, and those of text/template that make texts, as
// ones that pay. Other functions than these are to be cheap: they are not asked.
func (b *Budget) Funcs(funcs template.FuncMap) template.FuncMap {
	all := template.FuncMap{
		"print": fmt.Sprint, "println": fmt.Sprintln, "printf": fmt.Sprintf,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	}
	maps.Copy(all, funcs)
	for name, f := range all {
		all[name] = b.paying(name, reflect.ValueOf(f))
	}
	all[turnName], all[enterName] = b.turn, b.enter
	return all
}

// paying returns a function that does what f does if it can be paid for.
func (b *Budget) paying(name string, f reflect.Value) any {
	t := f.Type()
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	failed := reflect.TypeFor[error]()
	pays := reflect.FuncOf(in, []reflect.Type{t.Out(0), failed}, t.IsVariadic())
	return reflect.MakeFunc(pays, func(args []reflect.Value) []reflect.Value {
		refuse := func(err error) []reflect.Value {
			return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
		}
		if err := b.spend(b.price(name, args)); err != nil {
			return refuse(err)
		}
		call := f.Call
		if t.IsVariadic() {
			call = f.CallSlice
		}
		out := call(args)
		if err := b.spend(texts(out[:1])); err != nil {
			return refuse(err)
		}
		if len(out) == 1 {
			out = append(out, reflect.Zero(failed))
		}
		return out
	}).Interface()
}

// price is what a call costs before it is done.
func (b *Budget) price(name string, args []reflect.Value) int {
	switch name {
	case "printf":
		return callCost + b.format(args)
	case "join":
		if len(args) == 2 && args[1].Kind() == reflect.Slice {
			return callCost + texts(args) + args[1].Len()*args[0].Len()
		}
	case "reReplaceAll":
		if len(args) == 3 {
			return callCost + b.replacements(args[0].String(), args[1].String(), args[2].String())
		}
	case "print", "println", "html", "js", "urlquery", "toJson", "list", "append", "dict":
		n := callCost
		for _, a := range args {
			n += size(a, b.left)
		}
		return n
	}
	return callCost + texts(args)
}

// texts is how long texts are, and lists of texts.
func texts(vs []reflect.Value) int {
	n := 0
	for _, v := range vs {
		switch {
		case v.Kind() == reflect.String:
			n += v.Len()
		case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
			for i := range v.Len() {
				n += v.Index(i).Len()
			}
		}
	}
	return n
}

// number is a width or a precision. There is no argument for one in a format
// that has no percent sign.
var number = regexp.MustCompile(`\*|[0-9]{3,}`)

// format is how long what printf writes may be: each verb may name any argument,
// and a width is up to a million.
func (b *Budget) format(args []reflect.Value) int {
	f := args[0].String()
	n, longest := len(f), 0
	for i := range args[1].Len() {
		a := size(args[1].Index(i), b.left)
		longest, n = max(longest, a), n+a
	}
	verbs := strings.Count(f, "%")
	if verbs > args[1].Len() {
		n += (verbs - args[1].Len()) * longest
	}
	if strings.ContainsAny(f, "*") {
		return n + verbs*1_000_000
	}
	for _, digits := range number.FindAllString(f, -1) {
		n += width(digits)
	}
	return n
}

// width is what is written for a width: fmt takes none above a million.
func width(digits string) int {
	n := 0
	for _, d := range digits {
		if n = n*10 + int(d-'0'); n > 1_000_000 {
			return 1_000_000
		}
	}
	return n
}

// replacements is what it takes to replace all matches.
func (b *Budget) replacements(pattern, repl, text string) int {
	const match = 64 // what remembering where it is takes
	n := len(pattern) + len(repl) + 2*len(text)
	re, err := regexp.Compile(pattern)
	if err != nil || n > b.left {
		return n // the function says what is wrong
	}
	longest := 0
	found := re.FindAllStringIndex(text, b.left/match+1)
	for _, at := range found {
		longest = max(longest, at[1]-at[0])
	}
	return n + len(found)*(match+len(repl)+strings.Count(repl, "$")*longest)
}
