package main

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/barkreceiver/config"
	templates "github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/seal"
	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/conf/reference"
	"github.com/kubebark/kubebark/internal/conf/reference/reftest"
)

var update = flag.Bool("update", false, "write the manual and the schema anew")

const (
	manual     = "../../docs/configuration.md"
	schemaFile = "../../docs/schema/alertmanager-bark.json"
)

// loader returns what loads a file beside the keys that it may name.
func loader(t *testing.T) func(file string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"alice.key", "keys/alice", "keys/alice.public", "keys/bob"} {
		write(name, strings.NewReplacer("/", "", ".", "").Replace("key"+name))
	}
	write("keys/bob.aes", strings.Repeat("k", 32))
	write("silence.key", strings.Repeat("s", 32))
	write("webhook.token", strings.Repeat("t", 32))
	write("own.tmpl", `{{ define "own" }}{{ .Status }}{{ end }}`)
	return func(file string) (*config.Config, error) {
		write("c.yml", file)
		c, _, err := config.Load(filepath.Join(dir, "c.yml"))
		return c, err
	}
}

func describeConfig(t *testing.T) *reference.Node {
	t.Helper()
	c, err := loader(t)("receivers: [{name: a, devices: [{key_file: alice.key}]}]")
	if err != nil {
		t.Fatal(err)
	}
	defaults := *c
	defaults.Receivers = nil
	quiet := "receivers[].devices[].quiet_hours[]."
	n, err := reference.Describe(&defaults, reference.Options{
		Module: "github.com/kubebark/kubebark",
		Values: map[string][]string{
			"language": templates.Languages(),
			// push is what some call new.
			"receivers[].resolved": {
				string(templates.Update), string(templates.Delete), string(templates.Fresh), string(templates.None), "push",
			},
			"receivers[].devices[].encryption.algorithm": seal.Algorithms(),
			quiet + "days[]":   {"sun", "mon", "tue", "wed", "thu", "fri", "sat"},
			quiet + "except[]": {"critical", "warning", "info"},
		},
		Types: map[reflect.Type]reference.Node{
			reflect.TypeFor[config.Clock](): {Kind: reference.Text, Pattern: `^([01]?[0-9]|2[0-3]):[0-5][0-9]$`},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReference fails when the manual or the schema is stale.
func TestReference(t *testing.T) {
	keys := describeConfig(t)
	s, err := keys.Schema("Configuration of alertmanager-bark")
	if err != nil {
		t.Fatal(err)
	}
	reftest.File(t, schemaFile, s, *update)
	reftest.Blocks(t, manual, map[string]string{
		"keys of alertmanager-bark":  keys.Markdown(),
		"flags of alertmanager-bark": reference.Flags(application(cli.Stdio{}).Model()),
	}, *update)
}

// everything has each key at least once, but for those of HTTP clients.
const everything = `
source: prod-eu
timezone: Asia/Shanghai
language: zh
bark:
  server_url: https://api.day.app
  timeout: 10s
  basic_auth: {username: x, password_file: silence.key}
  servers:
    own: {server_url: 'https://bark.example/x', timeout: 5s, follow_redirects: true}
webhook: {bearer_token_file: silence.key}
alertmanager: {url: 'http://alertmanager:9093', silence_secret_file: silence.key, silence_link_ttl: 24h}
templates: ['*.tmpl']
dedup_window: 15m
default_receiver: oncall
receivers:
- name: oncall
  server: own
  fallback: {receiver: other, after: 5m}
  devices:
  - name: alice
    key_file: keys/alice
    encryption: {algorithm: aes-256-ecb, key_file: keys/bob.aes, insecure: true}
    quiet_hours: [{from: "22:00", to: "7:30", days: [mon], except: [info]}]
  title: '{{ template "own" . }}'
  volume: 7
  call: true
  resolved: update
- {name: other, devices: [{key_file: keys/bob}]}
watchdog: {receiver: watchdog, after: 15m, tell: oncall}
`

// TestSchemaAgrees holds the schema against what the program takes.
func TestSchemaAgrees(t *testing.T) {
	s, load := reftest.Compile(t, schemaFile), loader(t)
	try := func(file string) error {
		_, err := load(file)
		return err
	}
	s.Agree(t, everything, try)
	var good []string
	for _, page := range []string{"receiver.md", "receiver-messages.md", "receiver-operations.md"} {
		good = append(good, reftest.Examples(t, "../../docs/"+page, "receivers", "source", "bark")...)
	}
	for _, pattern := range []string{"../../barkreceiver/testdata/golden/*.yml", "../../deploy/*/receiver.yml"} {
		shipped, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range shipped {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			good = append(good, string(b))
		}
	}
	for _, file := range good {
		if strings.Contains(file, "webhook_configs") {
			continue // Alertmanager's own
		}
		if err := s.Check(t, file); err != nil {
			t.Errorf("%v in\n%s", err, file)
		}
	}
}

// TestBadFiles has a row for each kind of mistake that an editor is to show, and
// what the program says about it.
func TestBadFiles(t *testing.T) {
	s, load := reftest.Compile(t, schemaFile), loader(t)
	const receiver = "receivers: [{name: a, devices: [{key_file: keys/alice}]}]\n"
	device := func(more string) string {
		return "receivers: [{name: a, devices: [{key_file: keys/alice, " + more + "}]}]"
	}
	for _, tt := range []struct{ name, file, want string }{
		{"nothing", "", "receivers: at least one is needed"},
		{"no receivers", "receivers: []", "receivers: at least one is needed"},
		{"unknown key", receiver + "sauce: x", `unknown key "sauce"`},
		{"unknown parameter", "receivers: [{name: a, devices: [{key_file: keys/alice}], titel: x}]", `unknown key "titel"`},
		{"unknown key of bark", receiver + "bark: {server: x}", `unknown key "server"`},
		{"language", receiver + "language: tlh", "language: want one of en, zh"},
		{"no devices", "receivers: [{name: a}]", "receivers.0.devices: at least one is needed"},
		{"no name", "receivers: [{devices: [{key_file: keys/alice}]}]", "receivers.0.name: is needed"},
		{"no key", "receivers: [{name: a, devices: [{name: x}]}]", "key_file: is needed"},
		{"resolved", "receivers: [{name: a, resolved: maybe, devices: [{key_file: keys/alice}]}]", "resolved: want one of update, delete, new, none"},
		{"algorithm", device("encryption: {algorithm: des, key_file: keys/bob.aes}"), "algorithm: want one of aes-128-gcm"},
		{"time of day", device("quiet_hours: [{from: late, to: 7:00}]"), "want a time of day such as 22:00"},
		{"no end", device("quiet_hours: [{from: 22:00}]"), "quiet_hours.0.to: is needed"},
		{"day", device("quiet_hours: [{from: 22:00, to: 7:00, days: [monday]}]"), "want one of sun, mon"},
		{"severity", device("quiet_hours: [{from: 22:00, to: 7:00, except: [page]}]"), "want critical, warning or info"},
		{"watchdog", receiver + "watchdog: {after: 5m, tell: a}", "watchdog.receiver: is needed"},
		{"duration", receiver + "dedup_window: soon", "want a duration such as 30s"},
		{"server without a URL", receiver + "bark: {servers: {x: {timeout: 1s}}}", "bark.servers.x.server_url: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := s.Check(t, tt.file); err == nil {
				t.Error("the schema takes it")
			}
			if _, err := load(tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}
