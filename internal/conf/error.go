package conf

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Fault is one thing wrong with a configuration.
type Fault struct {
	Line int    // 0 where it is not known
	Key  string // path of the field with dots; "" where it is not known
	Text string
}

// Error holds all the faults found in a configuration file.
type Error struct {
	File   string
	Faults []Fault
}

// Error returns one line for each fault.
func (e *Error) Error() string {
	file := cmp.Or(e.File, "configuration")
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		s := file + ":"
		if f.Line > 0 {
			s += strconv.Itoa(f.Line) + ":"
		}
		if f.Key != "" {
			s += " " + f.Key + ":"
		}
		lines[i] = s + " " + f.Text
	}
	return strings.Join(lines, "\n")
}

type fieldError struct {
	path []string
	err  error
}

func (e *fieldError) Error() string { return strings.Join(e.path, ".") + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// Field says that err is about the field at path, relative to the value that
// is being validated; list items are named by their index. Errors that
// [errors.Join] made one are named each. It returns nil for nil.
func Field(err error, path ...string) error {
	if err == nil {
		return nil
	}
	var errs []error
	for _, e := range flatten(err) {
		if fe, ok := e.(*fieldError); ok { //nolint:errorlint // flatten has unwrapped it
			errs = append(errs, &fieldError{slices.Concat(path, fe.path), fe.err})
			continue
		}
		errs = append(errs, &fieldError{path, e})
	}
	return errors.Join(errs...)
}

func flatten(err error) []error {
	if m, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range m.Unwrap() {
			errs = append(errs, flatten(e)...)
		}
		return errs
	}
	return []error{err}
}

func validateFaults(err error, root *yaml.Node) []Fault {
	var fs []Fault
	for _, e := range flatten(err) {
		f := Fault{Text: e.Error()}
		if fe, ok := e.(*fieldError); ok { //nolint:errorlint // flatten has unwrapped it
			f = Fault{Line: line(root, fe.path), Key: strings.Join(fe.path, "."), Text: fe.err.Error()}
		}
		fs = append(fs, f)
	}
	slices.SortStableFunc(fs, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return fs
}

// line returns the line of the field at path or, where that was left out, of
// the deepest parent that is there.
func line(n *yaml.Node, path []string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if len(path) == 0 {
		return n.Line
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value != path[0] {
				continue
			}
			if len(path) == 1 {
				return n.Content[i].Line
			}
			return line(n.Content[i+1], path[1:])
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(n.Content) {
			return line(n.Content[i], path[1:])
		}
	}
	return n.Line
}

var (
	atLine     = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	unknownKey = regexp.MustCompile(`^field (.+) not found in type \S+$`)
	wrongType  = regexp.MustCompile(`^cannot unmarshal (!!\S+)(?: (.*))? into (\S+)$`)
)

// decodeFaults turns yaml.v3's messages, which speak of Go types, into ones
// that speak of keys.
func decodeFaults(err error) []Fault {
	texts := []string{err.Error()}
	if te, ok := errors.AsType[*yaml.TypeError](err); ok {
		texts = te.Errors
	}
	fs := make([]Fault, len(texts))
	for i, s := range texts {
		f := Fault{Text: strings.TrimPrefix(s, "yaml: ")}
		if m := atLine.FindStringSubmatch(s); m != nil {
			f.Line, _ = strconv.Atoi(m[1]) // digits, by the expression
			f.Text = m[2]
		}
		if hint, ok := hints()[f.Text]; ok {
			f.Text += ": " + hint
		}
		if m := unknownKey.FindStringSubmatch(f.Text); m != nil {
			f.Text = fmt.Sprintf("unknown key %q", m[1])
		} else if m := wrongType.FindStringSubmatch(f.Text); m != nil {
			f.Text = fmt.Sprintf("want %s, have %s", wanted(m[3]), strings.TrimSpace(plainTag(m[1])+" "+m[2]))
		}
		fs[i] = f
	}
	return fs
}

func plainTag(tag string) string {
	switch tag {
	case "!!map":
		return "a mapping"
	case "!!seq":
		return "a list"
	case "!!str":
		return "the text"
	case "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!!merge":
		return "the value"
	}
	return "what is tagged " + tag + " and holds"
}

// hints say what a message of the YAML parser is likely to come from.
func hints() map[string]string {
	return map[string]string{ //nolint:gosec // a token of YAML is no secret
		"found character that cannot start any token":    "YAML is indented by spaces, not tabs, and a text that begins with a sign is put in quotes",
		"mapping values are not allowed in this context": "the indentation changes here, or a text with a colon is to be put in quotes",
		"found unknown escape character":                 "in double quotes a backslash has a meaning; use single quotes",
		"found unexpected end of stream":                 "a quote that was opened is not closed",
		"did not find expected ',' or ']'":               "a bracket that was opened is not closed",
		"did not find expected node content":             "is a comma too many, or a template not filled in?",
		"control characters are not allowed":             "this is no text file",
		"invalid leading UTF-8 octet":                    "this is no text in UTF-8",
		"incomplete UTF-16 surrogate pair":               "this is no text in UTF-8",
	}
}

func wanted(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"):
		return "a whole number"
	case goType == "bool":
		return "true or false"
	case goType == "string":
		return "a text"
	}
	return "a mapping"
}
