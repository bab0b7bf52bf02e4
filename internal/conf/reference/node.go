package reference

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind is what stands at a place of a file.
type Kind uint8

// The kinds.
const (
	Text Kind = iota
	Whole
	Truth
	Duration
	Mapping
	List
	Any
)

// Node is what may stand at one place of a file.
type Node struct {
	Kind    Kind
	Doc     string
	Fields  []Field  // of a mapping that has known keys
	Elem    *Node    // an item of a list, or a value of a mapping with free keys
	Values  []string // what a text may be; nil for anything
	Pattern string   // of a text
	Shared  string   // name of the type, where it is another module's
}

// Field is a key of a mapping.
type Field struct {
	Key      string
	Doc      string
	Default  string // as it is written; "" where there is none to tell
	Required bool
	Min      *int
	From     string // the shared type that the key was taken in from
	Node     *Node
}

// Options say what types cannot.
type Options struct {
	// Module is the path that the types' own packages begin with.
	Module string
	// Values are what texts may be, by path: receivers[].resolved.
	Values map[string][]string
	// Types are those that read themselves.
	Types map[reflect.Type]Node
}

// walker describes one configuration.
type walker struct {
	Options

	comments comments
	used     map[string]bool   // paths of Values
	client   map[string]string // what an HTTP client's fields mean
}

// Describe tells what the type of v takes; what v holds are the defaults.
func Describe(v any, o Options) (*Node, error) {
	w := walker{Options: o, comments: comments{}, used: map[string]bool{}}
	if err := yaml.Unmarshal(clientYAML, &w.client); err != nil {
		return nil, fmt.Errorf("client.yaml: %w", err)
	}
	n, err := w.node(reflect.Indirect(reflect.ValueOf(v)), "")
	if err != nil {
		return nil, err
	}
	for path := range o.Values {
		if !w.used[path] {
			return nil, fmt.Errorf("there is no text at %s", path)
		}
	}
	return n, nil
}

func (w *walker) node(v reflect.Value, path string) (*Node, error) {
	t := v.Type()
	if n, ok := w.selfRead(t); ok {
		return &n, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.pointer(v, path)
	case reflect.Struct:
		return w.mapping(v, path)
	case reflect.Slice:
		return w.many(List, v, path, "- {}", path+"[]")
	case reflect.Map:
		return w.many(Mapping, v, path, "x: {}", strings.TrimPrefix(path+".*", "."))
	case reflect.String:
		return &Node{Kind: Text, Values: w.values(v, path)}, nil
	case reflect.Bool:
		return &Node{Kind: Truth}, nil
	case reflect.Int, reflect.Int64:
		return &Node{Kind: Whole}, nil
	case reflect.Interface:
		return &Node{Kind: Any}, nil
	}
	return nil, fmt.Errorf("%s: a %s cannot be described", path, t)
}

func (w *walker) pointer(v reflect.Value, path string) (*Node, error) {
	if v.IsNil() {
		v = fresh(v.Type(), "{}")
	}
	if v.IsNil() {
		v = reflect.New(v.Type().Elem())
	}
	return w.node(v.Elem(), path)
}

// many describes a list or a mapping with free keys by one of it.
func (w *walker) many(k Kind, v reflect.Value, path, one, at string) (*Node, error) {
	var item reflect.Value
	switch all := fresh(v.Type(), one); {
	case all.Len() == 0:
		item = reflect.New(v.Type().Elem()).Elem()
	case k == List:
		item = all.Index(0)
	default:
		item = all.MapIndex(all.MapKeys()[0])
	}
	elem, err := w.node(item, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Node{Kind: k, Elem: elem}, nil
}

// fresh returns a value of the type as it is when text was read into it, which
// shows the defaults; it is empty where the text does not fit.
func fresh(t reflect.Type, text string) reflect.Value {
	p := reflect.New(t)
	if err := yaml.Unmarshal([]byte(text), p.Interface()); err != nil {
		return reflect.Zero(t)
	}
	return p.Elem()
}

func (w *walker) mapping(v reflect.Value, path string) (*Node, error) {
	t := v.Type()
	n := &Node{Kind: Mapping}
	if !strings.HasPrefix(t.PkgPath(), w.Module) {
		n.Shared = t.Name()
	}
	doc, err := w.comments.of(t, w.Module)
	if err != nil {
		return nil, err
	}
	n.Doc = doc.text
	for i := range t.NumField() {
		f := t.Field(i)
		key, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case rest == "inline":
			if err := w.inline(n, v.Field(i), path); err != nil {
				return nil, err
			}
		case f.IsExported() && key != "-":
			x, err := w.field(f, v.Field(i), key, path)
			if err != nil {
				return nil, err
			}
			text, ok := w.clientKey(t, f.Name)
			if !ok {
				text = doc.fields[f.Name]
			}
			x.Doc = plain(text, &f, t)
			n.Fields = append(n.Fields, x)
		}
	}
	return n, nil
}

// inline takes in the keys of a part that has none of its own.
func (w *walker) inline(n *Node, v reflect.Value, path string) error {
	part, err := w.node(v, path)
	if err != nil {
		return err
	}
	if part.Elem != nil { // free keys
		n.Elem = part.Elem
		return nil
	}
	for _, f := range part.Fields {
		if n.Shared == "" && f.From == "" {
			f.From = part.Shared
		}
		n.Fields = append(n.Fields, f)
	}
	return nil
}

func (w *walker) field(f reflect.StructField, v reflect.Value, key, path string) (Field, error) {
	if key == "" {
		key = strings.ToLower(f.Name)
	}
	n, err := w.node(v, strings.TrimPrefix(path+"."+key, "."))
	x := Field{Key: key, Node: n}
	if err != nil {
		return x, err
	}
	_, custom := w.selfRead(f.Type)
	x.Default = written(v, n)
	for tag := range strings.SplitSeq(f.Tag.Get("conf"), ",") {
		switch name, value, _ := strings.Cut(tag, "="); name {
		case "":
		case "required":
			x.Required = v.IsZero() || custom && n.Kind == Text
		case "min":
			least, err := strconv.Atoi(value)
			if err != nil {
				return x, fmt.Errorf("%s.%s: tag conf: %w", path, key, err)
			}
			x.Min = &least
		default:
			return x, fmt.Errorf("%s.%s: there is no tag conf:%q", path, key, name)
		}
	}
	if x.Required {
		x.Default = ""
	}
	return x, nil
}

// written returns a scalar as a file would have it; "" where there is nothing
// to tell.
func written(v reflect.Value, n *Node) string {
	switch {
	case v.Kind() == reflect.Pointer, n.Kind > Duration, n.Kind == Text && v.Kind() != reflect.String:
		return ""
	}
	return fmt.Sprint(v.Interface())
}

func (w *walker) values(v reflect.Value, path string) []string {
	if vs, ok := w.Values[path]; ok {
		w.used[path] = true
		return vs
	}
	if t, ok := reflect.TypeAssert[interface{ Values() []string }](v); ok {
		return t.Values()
	}
	return nil
}
