package push

import (
	"encoding/json"
	"reflect"
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

// Our sizes are those that encoding/json comes to, for each parameter and
// whatever is in it.
func FuzzSize(f *testing.F) {
	f.Add("a", "b")
	f.Add("<&>\u2028\u2029\x7f", "\x00\x01\b\f\n\r\t\"\\\xff\xe6\xb1")
	f.Add("", "汉🔥\U0010ffff\ufffd")
	f.Fuzz(func(t *testing.T, a, b string) {
		all := Params{}
		for i := range reflect.TypeFor[Params]().NumField() {
			one := Params{}
			for j, p := range []*Params{&one, &all} {
				reflect.ValueOf(p).Elem().Field(i).SetString([]string{a, b}[(i+j)%2])
			}
			sameSize(t, &one)
			sameSize(t, &all)
		}
	})
}

func sameSize(t *testing.T, p *Params) {
	t.Helper()
	if got, want := p.Len(), jsonLen(t, p); got != want {
		t.Errorf("length %d, want %d of %+v", got, want, p)
	}
	alert := &Params{Title: p.Title, Subtitle: p.Subtitle, Body: p.Body}
	if *alert == (Params{}) {
		alert.Body = "Empty Message"
	}
	sound := "1107"
	if p.Sound != "" {
		sound = p.Sound + ".caf"
	}
	aps := map[string]any{"alert": alert, "category": "myNotificationCategory", "mutable-content": 1, "sound": sound}
	if p.Group != "" {
		aps["thread-id"] = p.Group
	}
	custom := *p
	custom.Title, custom.Subtitle, custom.Body, custom.Sound = "", "", "", ""
	want := jsonLen(t, map[string]any{"aps": aps})
	if custom != (Params{}) {
		want += jsonLen(t, custom) - len("{}") + len(",")
	}
	if got := p.Size(); got != want {
		t.Errorf("size %d, want %d of %+v", got, want, p)
	}
}

func jsonLen(t *testing.T, v any) int {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return len(text)
}
