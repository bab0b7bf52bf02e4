package webhook

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const one = `{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-11-25T09:00:00Z","endsAt":"0001-01-01T00:00:00Z","fingerprint":"1"}`

func message(fields, alerts string) string {
	return `{"version":"4","groupKey":"{}:{}","receiver":"r","status":"firing"` + fields + `,"alerts":[` + alerts + `]}`
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"nothing", "", "unexpected end of JSON input"},
		{"no JSON", "a=b", "invalid character 'a'"},
		{"cut off", message("", one)[:90], "unexpected end of JSON input"},
		{"something after it", message("", one) + "{}", "invalid character '{' after"},
		{"null", "null", "no webhook message"},
		{"another object", `{"alert":1}`, "no webhook message"},
		{"a list", "[]", "cannot unmarshal array"},
		{"another version", strings.Replace(message("", one), `"4"`, `"5"`, 1), `version "5", want "4"`},
		{"no version", strings.Replace(message("", one), `"4"`, `""`, 1), `version ""`},
		{"no alerts", message("", ""), "without alerts"},
		{"a status unheard of", message("", strings.Replace(one, "firing", "pending", 1)), `alert 0 of status "pending"`},
		{"a group status unheard of", strings.Replace(message("", one), `"status":"firing"`, `"status":"x"`, 1), `status "x"`},
		{"a time that is none", message("", strings.Replace(one, "2026-", "now", 1)), "parsing time"},
		{"a number for a label", message("", strings.Replace(one, `"A"`, "1", 1)), "cannot unmarshal number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Decode([]byte(tt.body))
			if err == nil {
				t.Fatalf("decoded to %+v", m)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q in it", err, tt.want)
			}
		})
	}
}

func TestDecodeSorts(t *testing.T) {
	alert := func(fp, status, starts, ends string) string {
		return `{"fingerprint":"` + fp + `","status":"` + status + `","startsAt":"2026-11-25T` + starts + `:00Z","endsAt":"2026-11-25T` + ends + `:00Z"}`
	}
	m, err := Decode([]byte(message("", strings.Join([]string{
		alert("gone early", "resolved", "09:00", "09:10"),
		alert("old", "firing", "08:00", "00:00"),
		alert("gone late", "resolved", "07:00", "09:30"),
		alert("new", "firing", "09:20", "00:00"),
	}, ","))))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range m.Alerts {
		got = append(got, a.Fingerprint)
	}
	if d := cmp.Diff([]string{"new", "old", "gone late", "gone early"}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestAllResolved(t *testing.T) {
	for _, tt := range []struct {
		name, fields string
		want         bool
	}{
		{"firing", ``, false},
		{"resolved", `,"status":"resolved"`, true},
		{"resolved as far as one sees", `,"status":"resolved","truncatedAlerts":3`, false},
		{"resolved and said so", `,"status":"resolved","truncatedAlerts":3,"notification_reason":"all alerts resolved"`, true},
	} {
		m, err := Decode([]byte(message(tt.fields, one)))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.AllResolved(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"oncall", []string{"oncall"}},
		{regexp.QuoteMeta("hook.a-b (1)"), []string{`hook\.a-b \(1\)`, "hook.a-b (1)"}},
		{"monitoring/phones/oncall", []string{"monitoring/phones/oncall", "oncall"}},
		{`a/b/on\.call`, []string{`a/b/on\.call`, "a/b/on.call", "on.call"}},
		{`back\slash`, []string{`back\slash`}},
	} {
		if d := cmp.Diff(tt.want, Names(tt.in)); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.in, d)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(message("", one)))
	f.Add([]byte(`{"version":"4","alerts":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Decode(body)
		if err == nil && len(m.Alerts) == 0 {
			t.Error("no error and no alerts")
		}
	})
}
