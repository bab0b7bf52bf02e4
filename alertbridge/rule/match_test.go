package rule

import (
	"testing"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// TestMatcherOf: words are compared as their pattern would.
func TestMatcherOf(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		words   int // 0: no choice of words
	}{
		{"BackOff", 1},
		{"BackOff|Failed", 2},
		{"BackOff|Failed|", 0},
		{"|BackOff", 0},
		{"Back.ff|Failed", 0},
		{"(?i)backoff|failed", 0},
		{"", 0},
	} {
		for _, typ := range []labels.MatchType{labels.MatchEqual, labels.MatchNotEqual, labels.MatchRegexp, labels.MatchNotRegexp} {
			theirs, err := labels.NewMatcher(typ, "reason", tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			ours := matcherOf(theirs)
			if regex := typ == labels.MatchRegexp || typ == labels.MatchNotRegexp; regex && len(ours.words) != tt.words {
				t.Errorf("%s: %d words, want %d", theirs, len(ours.words), tt.words)
			}
			if ours.String() != theirs.String() {
				t.Errorf("%s is told as %s", theirs, ours)
			}
			for _, s := range []string{"", "BackOff", "Failed", "BackOffs", "aBackOff", "backoff", "BackOff|Failed"} {
				if got, want := ours.Matches(s), theirs.Matches(s); got != want {
					t.Errorf("%s on %q: %v, want %v", theirs, s, got, want)
				}
			}
		}
	}
}
