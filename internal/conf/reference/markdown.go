package reference

import (
	"fmt"
	"strings"
	"unicode"
)

// Markdown returns tables of the keys: one of the file's own and one for each
// section in it. What is shared with other programs is told by [Node.Shared]
// alone, with a link to where it is described; a shared node tells it.
func (n *Node) Markdown() string {
	var b strings.Builder
	n.table(&b)
	told := map[string]bool{}
	n.sections(&b, "", n.Shared != "", told)
	return b.String()
}

// sections tells of the sections in a mapping, each followed by those in it. A
// shared type is told of once, where it stands least deep.
func (n *Node) sections(b *strings.Builder, path string, shared bool, told map[string]bool) {
	var within []func()
	for i := range n.Fields {
		f := &n.Fields[i]
		s, at := f.Node.section(path + f.Key)
		if f.From != "" || s == nil || shared && told[s.Shared] || !shared && s.Shared != "" {
			continue
		}
		told[s.Shared] = true
		fmt.Fprintf(b, "\n#### `%s`\n\n", at)
		if s.Doc != "" && !shared {
			fmt.Fprintf(b, "%s\n\n", s.Doc)
		}
		s.table(b)
		if !shared {
			s.sections(b, at+".", shared, told)
			continue
		}
		within = append(within, func() { s.sections(b, at+".", shared, told) })
	}
	for _, tell := range within {
		tell()
	}
}

// section returns the mapping with known keys that a key leads to, and its
// path; nil if it leads to none.
func (n *Node) section(path string) (section *Node, at string) {
	for n.Elem != nil && len(n.Fields) == 0 {
		if n.Kind == List {
			path += "[]"
		} else {
			path += ".*"
		}
		n = n.Elem
	}
	if n.Kind != Mapping {
		return nil, path
	}
	return n, path
}

func (n *Node) table(b *strings.Builder) {
	b.WriteString("| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
	from := ""
	for i := range n.Fields {
		f := &n.Fields[i]
		if f.From != "" {
			if f.From != from {
				fmt.Fprintf(b, "| … | | | and the keys of an [%s](#%s) |\n", spaced(f.From), anchor(spaced(f.From)))
			}
			from = f.From
			continue
		}
		if strings.HasSuffix(f.Key, "_ref") && n.Shared != "" {
			continue // of no use here
		}
		standard := ""
		switch {
		case f.Required:
			standard = "required"
		case f.Default != "":
			standard = "`" + f.Default + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.Key, cell(f.Node.words(false)), standard, cell(f.Doc))
	}
}

// words says what stands there.
func (n *Node) words(plural bool) string {
	s := ""
	if plural {
		s = "s" // of all but truths and what is listed
	}
	switch {
	case n.Values != nil:
		return "`" + strings.Join(n.Values, "`, `") + "`"
	case n.Kind == Mapping && n.Elem != nil:
		return "mapping of " + n.Elem.words(true)
	}
	switch n.Kind {
	case Text:
		return "text" + s
	case Whole:
		return "whole number" + s
	case Truth:
		return "`true` or `false`"
	case Duration:
		return "duration" + s
	case List:
		return "list" + s + " of " + n.Elem.words(true)
	case Mapping:
		return "section" + s
	case Any:
	}
	return "anything"
}

// cell puts a text into a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// spaced makes words of a type's name: HTTPClientConfig is HTTP client config.
func spaced(name string) string {
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		starts := i > 0 && unicode.IsUpper(r) && i+1 < len(rs) && unicode.IsLower(rs[i+1])
		if starts {
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// anchor is the link to a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(strings.ToLower(heading), " ", "-")
}
