package reftest

import (
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
)

// spoilt is a file that differs from a good one in one place.
type spoilt struct{ how, file string }

// spoil puts in each place of a file what may not belong there, adds a key to
// each mapping and takes each key away.
func spoil(t *testing.T, file string) []spoilt {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(file), &root); err != nil {
		t.Fatal(err)
	}
	var all []spoilt
	write := func(how string) {
		b, err := yaml.Marshal(&root)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, spoilt{how, string(b)})
	}
	var visit func(n *yaml.Node, path string)
	visit = func(n *yaml.Node, path string) {
		old := *n
		for _, r := range replacements() {
			*n = r
			write(path + " replaced by " + text(&r))
		}
		*n = old
		switch n.Kind {
		case yaml.MappingNode:
			all := n.Content
			n.Content = slices.Concat(all, []*yaml.Node{scalar("!!str", "no_such_key"), scalar("!!str", "x")})
			write(path + " with a key too much")
			for i := 0; i+1 < len(all); i += 2 {
				n.Content = slices.Concat(all[:i], all[i+2:])
				write(path + " without " + all[i].Value)
			}
			n.Content = all
			for i := 0; i+1 < len(all); i += 2 {
				visit(all[i+1], path+"."+all[i].Value)
			}
		case yaml.SequenceNode:
			for _, c := range n.Content {
				visit(c, path+"[]")
			}
		default:
		}
	}
	for _, c := range root.Content {
		visit(c, "")
	}
	return all
}

func replacements() []yaml.Node {
	return []yaml.Node{
		*scalar("!!str", "some text"), *scalar("!!int", "7"), *scalar("!!bool", "true"), *scalar("!!null", "null"),
		{Kind: yaml.SequenceNode, Tag: "!!seq"},
		{Kind: yaml.MappingNode, Tag: "!!map"},
		{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{scalar("!!null", "null")}},
		{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{scalar("!!str", "other"), scalar("!!str", "x")}},
	}
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func text(n *yaml.Node) string {
	b, err := yaml.Marshal(n)
	if err != nil {
		return err.Error()
	}
	return string(b[:len(b)-1])
}
