package reference

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// object is a JSON object; its keys are written in their order.
type object = map[string]any

// Schema returns the JSON Schema of files of this form, in draft 7, which
// editors know best. Where a file may say nothing it may say null.
func (n *Node) Schema(title string) ([]byte, error) {
	shared := object{}
	s := n.mapping(shared)
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	s["title"] = title
	s["type"] = "object"
	if len(shared) > 0 {
		s["definitions"] = shared
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(s)
	return b.Bytes(), err
}

// schema returns what may stand there. An item of a list is there or not: it
// cannot be null.
func (n *Node) schema(shared object, item bool) object {
	var s object
	switch n.Kind {
	case Mapping:
		s = n.mapping(shared)
		if n.Shared != "" {
			shared[n.Shared] = s
			return object{"allOf": []any{object{"$ref": "#/definitions/" + n.Shared}}}
		}
	case List:
		s = object{"type": []string{"array", "null"}, "items": n.Elem.schema(shared, true)}
	case Duration:
		return n.duration(item)
	case Whole:
		s = object{"type": []string{"integer", "null"}}
	case Truth:
		s = object{"type": []string{"boolean", "null"}}
	case Text:
		s = n.text(item)
	case Any:
		return object{}
	}
	if types, ok := s["type"].([]string); ok && item {
		s["type"] = slices.DeleteFunc(types, func(t string) bool { return t == "null" })
	}
	return s
}

// duration takes a bare 0 as well.
func (n *Node) duration(item bool) object {
	nought := []any{0, nil}
	if item {
		nought = nought[:1]
	}
	return object{"anyOf": []any{
		object{"type": "string", "pattern": n.Pattern, "minLength": 1}, object{"enum": nought},
	}}
}

// text takes for a text also what YAML has another type for.
func (n *Node) text(item bool) object {
	switch {
	case n.Values != nil && item:
		return object{"enum": n.Values}
	case n.Values != nil:
		vs := []any{}
		for _, v := range n.Values {
			vs = append(vs, v)
		}
		return object{"enum": append(vs, nil)}
	case n.Pattern != "":
		return object{"type": []string{"string", "null"}, "pattern": n.Pattern}
	}
	return object{"type": []string{"string", "number", "boolean", "null"}}
}

func (n *Node) mapping(shared object) object {
	s := object{"type": []string{"object", "null"}, "additionalProperties": false}
	if n.Elem != nil {
		s["additionalProperties"] = n.Elem.schema(shared, n.Elem.needs())
	}
	describe(s, n.Doc)
	if len(n.Fields) == 0 {
		return s
	}
	properties, required := object{}, []string{}
	for i := range n.Fields {
		f := &n.Fields[i]
		properties[f.Key] = f.schema(shared)
		if f.Required {
			required = append(required, f.Key)
		}
	}
	s["properties"] = properties
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (f *Field) schema(shared object) object {
	s := f.Node.schema(shared, f.Required)
	if f.Required {
		switch f.Node.Kind {
		case List:
			s["minItems"] = 1
		case Text:
			s["minLength"] = 1
		default:
		}
	}
	describe(s, f.Doc)
	if f.Min != nil {
		s["minimum"] = *f.Min
	}
	if f.Default != "" {
		s["default"] = f.value()
	}
	return s
}

// value returns the default as JSON has it.
func (f *Field) value() any {
	switch f.Node.Kind {
	case Truth:
		return f.Default == "true"
	case Whole:
		if n, err := strconv.Atoi(f.Default); err == nil {
			return n
		}
	}
	return f.Default
}

// needs tells whether a mapping has a key that must be there.
func (n *Node) needs() bool {
	for i := range n.Fields {
		if n.Fields[i].Required {
			return true
		}
	}
	return false
}

func describe(s object, doc string) {
	if doc != "" {
		s["description"] = doc
	}
}
