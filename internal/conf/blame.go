package conf

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// blame finds the place of a fault that the decoder did not name, as it is with
// types of other people: the smallest part of the file without which the fault
// is gone.
func blame(data []byte, v any, f *Fault) {
	var root yaml.Node
	if yaml.Unmarshal(data, &root) != nil || len(root.Content) == 0 {
		return
	}
	there := func() bool {
		err := root.Decode(reflect.New(reflect.TypeOf(v).Elem()).Interface())
		return err != nil && slices.ContainsFunc(decodeFaults(err), func(g Fault) bool { return g.Text == f.Text })
	}
	if !there() {
		return
	}
	var path []string
	for n := root.Content[0]; n != nil; {
		var key string
		if key, n = culprit(n, f, there); key != "" {
			path = append(path, key)
		}
	}
	f.Key = strings.Join(path, ".")
}

// culprit finds the entry of a mapping or a list without which the fault is not
// there.
func culprit(n *yaml.Node, f *Fault, there func() bool) (key string, value *yaml.Node) {
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	if n.Kind != yaml.MappingNode && n.Kind != yaml.SequenceNode {
		return "", nil
	}
	all := n.Content
	defer func() { n.Content = all }()
	for i := 0; i+step <= len(all); i += step {
		n.Content = slices.Delete(slices.Clone(all), i, i+step)
		if there() {
			continue
		}
		f.Line, key = all[i].Line, strconv.Itoa(i)
		if step == 2 {
			key = all[i].Value
		}
		return key, all[i+step-1]
	}
	return "", nil
}
