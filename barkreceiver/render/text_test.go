package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const family = "👩‍👩‍👧‍👦" // one letter of 25 bytes

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"", 0, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "…"},
		{"abcd", 2, ""},
		{"abcdef", 5, "ab…"},
		{"汉字汉字", 11, "汉字…"},
		{"汉字汉字", 12, "汉字汉字"},
		{"a" + family + "b", 12, "a…"},
		{"a" + family + "bcdef", 30, "a" + family + "b…"},
		{"one two three", 7, "one…"},
		{family + "x", 24, "👩‍👩‍👧…"}, // even the first letter is too long
	} {
		if got := cut(tt.in, tt.n); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…"},
		{"汉字汉", 2, "汉字…"},
		{"汉字", 2, "汉字"},
		{family + family, 1, family + "…"},
		{family, 1, family},
		{"ab", 0, "…"},
	} {
		if got := shorten(tt.n, tt.in); got != tt.want {
			t.Errorf("shorten(%d, %q) = %q, want %q", tt.n, tt.in, got, tt.want)
		}
	}
}

// What people take for one letter is never cut, in whatever script.
func TestLetters(t *testing.T) {
	for _, letter := range []string{
		"e\u0301\u0323",                           // accents
		"한", "\u1112\u1161\u11ab", "\uac00\u11a8", // Hangul: whole, of its parts, of a syllable and a part
		"नि", "क्षि", "ക്ഷ", "নী", // Indic: a vowel sign, conjuncts
		"กำ", "\u0e1b\u0e35\u0e48", // Thai
		"\u0600\u0661",                                                        // Arabic: a sign before its number
		"🇩🇪", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", // flags: of letters, of tags
		"👍🏽", "❤️", "1️⃣", "🏳️‍🌈", "👩🏾‍🚒", family, // emoji: toned, coloured, boxed, joined
	} {
		if got, want := shorten(1, letter+letter), letter+ellipsis; got != want {
			t.Errorf("shortened %+q to %+q", letter+letter, got)
		}
		text, room := "a"+letter+"and so on", len("a"+letter+ellipsis)
		if got, want := cut(text, room), "a"+letter+ellipsis; got != want {
			t.Errorf("cut %+q to %+q", text, got)
		}
		if got, want := cut(text, room-1), "a"+ellipsis; got != want {
			t.Errorf("cut %+q to %+q", text, got)
		}
	}
}

// letters counts them.
func letters(s string) (n int) {
	for l := graphemes.FromString(s); l.Next(); {
		n++
	}
	return n
}

func FuzzCut(f *testing.F) {
	f.Add("a "+family+" 汉字", 20)
	f.Add("e\u0301\u0302\u0303", 4)
	f.Add("🇩🇪🇫🇷", 9)
	f.Add("\xff\xfe", 1)
	f.Fuzz(func(t *testing.T, s string, n int) {
		got := cut(s, n)
		if len(got) > max(n, 0) && got != s {
			t.Fatalf("%d bytes, want %d at most", len(got), n)
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Fatalf("%q is not valid", got)
		}
		kept, whole := strings.CutSuffix(got, ellipsis)
		if !whole || got == s {
			return
		}
		if !strings.HasPrefix(s, kept) {
			t.Fatalf("%q is no beginning of %q", kept, s)
		}
		if len(graphemes.FromString(s).First()) > n-len(ellipsis) {
			return // cut within it
		}
		rest := strings.TrimLeft(s[len(kept):], " \n\t\u200d")
		if letters(kept)+letters(rest) > letters(s) {
			t.Fatalf("%q was cut within a letter: %q", s, kept)
		}
	})
}
