package config

import (
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/internal/conf"
)

func TestServersAndFallback(t *testing.T) {
	c, _, err := load(t, `
bark:
  server_url: https://bark.example.org
  servers:
    public: {server_url: 'https://api.day.app'}
    slow: {server_url: 'http://localhost:8080', timeout: 1m, basic_auth: {username: u, password: p}}
receivers:
  - {name: oncall, devices: [{key_file: keys/alice}], fallback: {receiver: backup}}
  - {name: backup, devices: [{key_file: keys/bob}], server: public}
`)
	if err != nil {
		t.Fatal(err)
	}
	all := c.Bark.All()
	if len(all) != 3 || all[""].ServerURL != "https://bark.example.org" || all["slow"].HTTP.BasicAuth.Username != "u" {
		t.Errorf("%+v", all)
	}
	if d := time.Duration(all["public"].Timeout); d != 10*time.Second || !all["public"].HTTP.EnableHTTP2 {
		t.Errorf("defaults of a named server: %+v", all["public"])
	}
	r := c.Receivers[0]
	if c.FallbackOf(r) != c.Receivers[1] || r.Fallback.After != conf.Duration(5*time.Minute) || c.FallbackOf(c.Receivers[1]) != nil {
		t.Errorf("%+v", r.Fallback)
	}
}

func TestServerAndFallbackFaults(t *testing.T) {
	const devices = "devices: [{key_file: keys/alice}]"
	for _, tt := range []struct{ name, text, want string }{
		{"no URL", "bark: {servers: {a: {}}}\nreceivers: [{name: x, " + devices + "}]", "bark.servers.a.server_url: want a URL"},
		{"empty", "bark: {servers: {a: }}\nreceivers: [{name: x, " + devices + "}]", "bark.servers.a: is empty"},
		{"no name", "bark: {servers: {'': {server_url: 'http://x'}}}\nreceivers: [{name: x, " + devices + "}]", "needs a name"},
		{"unknown key", "bark: {servers: {a: {server_url: 'http://x', x: 1}}}\nreceivers: [{name: x, " + devices + "}]", "x"},
		{"unknown server", "receivers: [{name: x, server: y, " + devices + "}]", `receivers.0.server: bark.servers has none, so none of the name "y"`},
		{"unknown fallback", "receivers: [{name: x, fallback: {receiver: y}, " + devices + "}]", `receivers.0.fallback.receiver: there is no receiver`},
		{"no fallback", "receivers: [{name: x, fallback: {}, " + devices + "}]", `receivers.0.fallback.receiver: is needed`},
		{"itself", "receivers: [{name: x, fallback: {receiver: x}, " + devices + "}]", "is the receiver itself"},
		{"chain", "receivers: [{name: x, fallback: {receiver: y}, " + devices + "}, {name: y, fallback: {receiver: z}, " + devices + "}, {name: z, " + devices + "}]", "has a fallback itself"},
		{"negative", "receivers: [{name: x, fallback: {receiver: y, after: -1s}, " + devices + "}, {name: y, " + devices + "}]", "want a duration"},
	} {
		_, _, err := load(t, tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
