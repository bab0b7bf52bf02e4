package record

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Field is one of a record's fields, for outputs that are not lines.
type Field struct {
	Name  string // as a line has it
	index []int
	empty bool // it is there though it is empty
}

// Fields returns the fields that a line can have, in its order, without labels
// and annotations.
func Fields() []Field {
	var fields []Field
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Record]()) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields = append(fields, Field{Name: name, index: f.Index, empty: options == ""})
	}
	return fields
}

// Value returns what a record has in the field, nil where a line leaves it out.
func (f *Field) Value(r *Record) any {
	v := reflect.ValueOf(r).Elem().FieldByIndex(f.index)
	if !f.empty && (v.IsZero() || (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0) {
		return nil
	}
	return v.Interface()
}

// EachExtra calls f with the names and values of labels and annotations, in a
// line's order.
func (r *Record) EachExtra(f func(name, value string)) {
	for _, part := range []struct {
		name   string
		values map[string]string
	}{{"label", r.Labels}, {"annotation", r.Annotations}} {
		prefix := "k8s." + strings.ToLower(r.ObjectKind) + "." + part.name + "."
		for _, k := range slices.Sorted(maps.Keys(part.values)) {
			f(prefix+k, part.values[k])
		}
	}
}
