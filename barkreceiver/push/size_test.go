package push

import (
	"strings"
	"testing"
)

// The largest body that bark-server got through with these parameters was
// found by trying.
func TestSizeIsTheServers(t *testing.T) {
	p := Params{Title: "t", Group: "g", ID: "i", Body: strings.Repeat("a", 3947)}
	if n := p.Size(); n != MaxPayload {
		t.Errorf("size %d, want %d", n, MaxPayload)
	}
}

func TestSizeCountsEscapes(t *testing.T) {
	base := Params{Body: "x"}
	for _, tt := range []struct {
		text string
		cost int
	}{
		{"a", 1},
		{"é", 2},
		{"汉", 3},
		{"🔥", 4},
		{`"`, 2},
		{`\`, 2},
		{"\n", 2},
		{"<", 6},
		{">", 6},
		{"&", 6},
		{"\u2028", 6},
		{"\x01", 6},
		{"\xff", 6},
	} {
		p := Params{Body: "x" + tt.text}
		if got := p.Size() - base.Size(); got != tt.cost {
			t.Errorf("%q costs %d, want %d", tt.text, got, tt.cost)
		}
	}
}

func TestSizeCountsWhatTravelsBeside(t *testing.T) {
	base := Params{Body: "x"}
	for _, tt := range []struct {
		name string
		p    Params
		cost int
	}{
		{"group costs twice", Params{Body: "x", Group: "g"}, len(`"thread-id":"g",`) + len(`"group":"g",`)},
		{"id once", Params{Body: "x", ID: "i"}, len(`"id":"i",`)},
		{"level", Params{Body: "x", Level: "passive"}, len(`"level":"passive",`)},
		{"sound in place of the default", Params{Body: "x", Sound: "alarm"}, len("alarm.caf") - len("1107")},
		{"no text", Params{}, len("Empty Message") - 1},
	} {
		if got := tt.p.Size() - base.Size(); got != tt.cost {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.cost)
		}
	}
}
