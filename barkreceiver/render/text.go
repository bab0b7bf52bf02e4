package render

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const ellipsis = "…"

// cut returns the beginning of s in at most n bytes, with an ellipsis if it is
// not the whole. It cuts between what readers take for letters (grapheme
// clusters), and within one only if even the first is too long.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len(ellipsis)
	if n < 0 {
		return ""
	}
	end := 0
	for letters := graphemes.FromString(s[:min(len(s), n+4*utf8.UTFMax)]); letters.Next() && letters.End() <= n; {
		end = letters.End()
	}
	if end == 0 {
		for end = min(n, len(s)); end > 0 && !utf8.RuneStart(s[end]); end-- {
		}
	}
	return strings.TrimRight(s[:end], " \n\t\u200d") + ellipsis
}

// shorten is cut for templates: n is about what one sees, so it counts
// grapheme clusters.
func shorten(n int, s string) string {
	if len(s) <= n {
		return s
	}
	letters := graphemes.FromString(s)
	for range n {
		letters.Next()
	}
	end := letters.End()
	if !letters.Next() {
		return s
	}
	return strings.TrimRight(s[:end], " \n\t\u200d") + ellipsis
}

// oneLine makes one line of s.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
