package phone

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// plain is a body as shown: every character for itself.
func plain(s string) template.HTML {
	return template.HTML(html.EscapeString(s)) //nolint:gosec // escaped here
}

// markdown shows the simple things of markdown: headings, lists, emphasis,
// code; a link and an image become their text. Everything is escaped first,
// so a push cannot bring in markup or fetch anything.
func markdown(s string) template.HTML {
	m := marks()
	var b strings.Builder
	list := false
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		item, isItem := bullet(line)
		if isItem != list {
			b.WriteString(map[bool]string{true: "<ul>", false: "</ul>"}[isItem])
			list = isItem
		}
		switch {
		case isItem:
			b.WriteString("<li>" + m.inline(item) + "</li>")
		case strings.HasPrefix(line, "#"):
			b.WriteString("<strong>" + m.inline(strings.TrimSpace(strings.TrimLeft(line, "#"))) + "</strong>\n")
		default:
			b.WriteString(m.inline(line) + "\n")
		}
	}
	if list {
		b.WriteString("</ul>")
	}
	return template.HTML(strings.TrimSpace(b.String())) //nolint:gosec // inline escapes each line
}

func bullet(line string) (string, bool) {
	for _, mark := range []string{"- ", "* ", "+ "} {
		if item, ok := strings.CutPrefix(strings.TrimSpace(line), mark); ok {
			return item, true
		}
	}
	return "", false
}

// inlineMarks are the marks within a line, tried in this order.
type inlineMarks []struct {
	find *regexp.Regexp
	with string
}

func marks() inlineMarks {
	return inlineMarks{
		{regexp.MustCompile("`([^`]+)`"), "<code>$1</code>"},
		{regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`), "<u>$1</u>"},
		{regexp.MustCompile(`\*\*([^*]+)\*\*`), "<strong>$1</strong>"},
		{regexp.MustCompile(`\*([^*\s][^*]*)\*`), "<em>$1</em>"},
	}
}

func (m inlineMarks) inline(line string) string {
	line = html.EscapeString(line)
	for _, mark := range m {
		line = mark.find.ReplaceAllString(line, mark.with)
	}
	return line
}
