package push

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestKeyPrintsAsMask(t *testing.T) {
	const canary = "CanaryKey22Characters1"
	d := struct {
		Name string
		Key  Key
	}{"alice", canary}
	j, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(d), fmt.Sprintf("%v %+v %#v %s %q", d, d, d, d.Key, d.Key), string(j), d.Key.Hash()} {
		if strings.Contains(s, canary) {
			t.Errorf("the key is in %s", s)
		}
	}
}

func TestRedact(t *testing.T) {
	devices := []Key{"KeyOfAlice", ""}
	const token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, tt := range []struct{ in, want string }{
		{"failed to get device token: failed to get [KeyOfAlice] device token from database", "failed to get device token: failed to get [***] device token from database"},
		{"failed to get [somebody else's] device token", "failed to get [***] device token"},
		{`push failed: Post "https://api.push.apple.com/3/device/` + token + `": dial tcp`, `push failed: Post "https://api.push.apple.com/3/device/***": dial tcp`},
		{"token " + token + "!", "token ***!"},
		{"a\nb\t c", "a b c"},
		{strings.Repeat("汉", 300), strings.Repeat("汉", 200) + "…"},
		{"bad \xff byte", "bad \uFFFD byte"},
	} {
		if got := redact(tt.in, devices); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseServerURL(t *testing.T) {
	for _, bad := range []string{"", "api.day.app", "ftp://x", "http://", "http://user:secret@host", "http://host?x=1", "://"} {
		_, err := ParseServerURL(bad)
		if err == nil {
			t.Errorf("%q was accepted", bad)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is in %q", err)
		}
	}
	u, err := ParseServerURL("https://host/bark/")
	if err != nil || u.String() != "https://host/bark" {
		t.Errorf("%v, %v", u, err)
	}
}
