package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const canary = "CanaryKey0000000000001"

// write writes files into a new directory and returns its path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// keys are files that configurations of tests name.
func keys() map[string]string {
	return map[string]string{
		"keys/alice": canary + "\nand a note\n", "keys/bob": "CanaryKeyBob\r\n", "empty": "", "blank": "\n" + canary,
		"aes": "0123456789abcdef\n", "url": "https://api.day.app/" + canary + "/", "secret": "0123456789abcdef0123456789abcdef",
		"short": "x", "good.tmpl": `{{ define "my.title" }}{{ .Status }}{{ end }}`, "bad.tmpl": "{{ define",
	}
}

func load(t *testing.T, text string) (*Config, []string, error) {
	t.Helper()
	files := keys()
	files["c.yml"] = text
	dir := write(t, files)
	c, used, err := Load(filepath.Join(dir, "c.yml"))
	for i, f := range used {
		used[i] = strings.TrimPrefix(f, dir+"/")
	}
	return c, used, err
}

const full = `
source: prod-eu
timezone: Asia/Shanghai
language: zh
bark:
  server_url: https://bark.example.org/prefix/
  timeout: 5s
  basic_auth: {username: u, password_file: secret}
alertmanager:
  url: http://alertmanager:9093
  silence_secret_file: secret
  silence_link_ttl: 12h
templates: ['*d.tmpl', good.tmpl, 'none*.tmpl']
dedup_window: 1h
default_receiver: oncall
receivers:
  - name: oncall
    devices:
      - name: alice
        key_file: keys/alice
        encryption: {algorithm: aes-128-gcm, key_file: aes}
      - {name: bob, key_file: keys/bob}
    title: '{{ template "my.title" . }}'
    volume: 7
    call: true
    resolved: delete
  - name: other
    devices: [{key_file: keys/bob}]
`

func TestLoad(t *testing.T) {
	c, files, err := load(t, strings.Replace(full, "'*d.tmpl', ", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"c.yml", "secret", "good.tmpl", "keys/alice", "aes", "keys/bob", "keys/bob"}
	if d := cmp.Diff(want, files); d != "" {
		t.Errorf("files (-want +got)\n%s", d)
	}
	r := c.Find([]string{"nobody"})
	if r == nil || r.Name != "oncall" {
		t.Fatalf("default receiver %+v", r)
	}
	if got := r.Devices[0].Key(); got != canary || r.Devices[0].Sealer() == nil {
		t.Errorf("device %+v", got)
	}
	if r.Devices[1].Key() != "CanaryKeyBob" || r.Devices[1].Sealer() != nil {
		t.Error("bob's key, or his encryption")
	}
	if got := c.Find([]string{"x", "other"}); got == nil || got.Devices[0].Name != "device 1" {
		t.Errorf("other: %+v", got)
	}
	if d := cmp.Diff([]string{"call", "title", "volume"}, r.Params.Names()); d != "" {
		t.Errorf("own templates (-want +got)\n%s", d)
	}
	if string(c.Alertmanager.Secret()) != keys()["secret"] || c.Location().String() != "Asia/Shanghai" {
		t.Error("secret or time zone")
	}
}

func TestDefaults(t *testing.T) {
	c, _, err := load(t, "receivers: [{name: a, devices: [{key_file: keys/alice}]}]\nalertmanager: {url: 'http://am', silence_secret_file: secret}")
	if err != nil {
		t.Fatal(err)
	}
	if c.Bark.ServerURL != "https://api.day.app" || time.Duration(c.Bark.Timeout) != 10*time.Second ||
		time.Duration(c.DedupWindow) != 15*time.Minute || c.Location() != time.UTC || c.Language != "en" ||
		time.Duration(c.Alertmanager.SilenceLinkTTL) != 24*time.Hour || !c.Bark.HTTP.EnableHTTP2 || !c.Alertmanager.HTTP.EnableHTTP2 {
		t.Errorf("%+v", c)
	}
	if c.Find([]string{"b"}) != nil {
		t.Error("found a receiver of another name")
	}
	if got := c.Receivers[0].ResolvedMode(); got != "update" {
		t.Errorf("resolved: %s", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	device := "receivers: [{name: a, devices: [{key_file: keys/alice}]}]\n"
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "c.yml: receivers: at least one is needed"},
		{"unknown key", device + "sauce: x", `c.yml:2: unknown key "sauce"`},
		{"unknown key of a receiver", "receivers:\n- name: a\n  devices: [{key_file: keys/alice}]\n  titel: x", `c.yml:4: unknown key "titel"`},
		{"unknown key of bark", device + "bark: {server: x}", `c.yml:2: unknown key "server"`},
		{"unknown key of alertmanager", device + "alertmanager:\n  uri: x", `c.yml:3: unknown key "uri"`},
		{"time zone", device + "timezone: Mars/Olympus", `c.yml:2: timezone: want a time zone such as Europe/Berlin, have "Mars/Olympus"`},
		{"language", device + "language: tlh", `c.yml:2: language: want one of en, zh, have "tlh"`},
		{"server", device + "bark: {server_url: day.app}", `c.yml:2: bark.server_url: want a URL such as https://api.day.app, have "day.app"`},
		{"two ways to log in", device + "bark:\n  basic_auth: {username: a}\n  authorization: {credentials: x}", "c.yml:2: bark: at most one of basic_auth, oauth2 & authorization must be configured"},
		{"timeout", device + "bark: {timeout: 0s}", "c.yml:2: bark.timeout: must be more than 0"},
		{"no name", "receivers:\n- devices: [{key_file: keys/alice}]", "c.yml:2: receivers.0.name: is needed"},
		{"no devices", "receivers:\n- name: a", "c.yml:2: receivers.0.devices: at least one is needed"},
		{"an empty receiver", "receivers:\n-", "c.yml:2: receivers.0: is empty"},
		{"name twice", "receivers:\n- {name: a, devices: [{key_file: keys/alice}]}\n- {name: a, devices: [{key_file: keys/alice}]}", `c.yml:3: receivers.1.name: a second receiver of the name "a"`},
		{"default", device + "default_receiver: b", `c.yml:2: default_receiver: there is no receiver of the name "b"`},
		{"no key file", "receivers:\n- {name: a, devices: [{name: x}]}", "c.yml:2: receivers.0.devices.0.key_file: is needed"},
		{"no such key file", "receivers:\n- name: a\n  devices:\n  - key_file: none", "c.yml:4: receivers.0.devices.0.key_file: read key file: open "},
		{"an empty key file", "receivers:\n- {name: a, devices: [{key_file: empty}]}", "it is empty"},
		{"a first line that is empty", "receivers:\n- {name: a, devices: [{key_file: blank}]}", "its first line is empty"},
		{"a URL for a key", "receivers:\n- {name: a, devices: [{key_file: url}]}", "has more than a device key"},
		{"key twice", "receivers:\n- {name: a, devices: [{name: x, key_file: keys/bob}, {name: y, key_file: keys/bob}]}", `receivers.0.devices.1.key_file: has the same key as device "x"`},
		{"device twice", "receivers:\n- {name: a, devices: [{name: x, key_file: keys/bob}, {name: x, key_file: keys/alice}]}", `receivers.0.devices.1.name: a second device of the name "x"`},
		{"algorithm", "receivers:\n- {name: a, devices: [{key_file: keys/bob, encryption: {algorithm: des, key_file: aes}}]}", `encryption.algorithm: want one of aes-128-gcm`},
		{"ECB", "receivers:\n- {name: a, devices: [{key_file: keys/bob, encryption: {algorithm: aes-128-ecb, key_file: aes}}]}", `encryption.algorithm: ECB shows`},
		{"AES key too short", "receivers:\n- {name: a, devices: [{key_file: keys/bob, encryption: {algorithm: aes-256-gcm, key_file: aes}}]}", `encryption.key_file: the key for aes-256-gcm needs 32 characters, it has 16`},
		{"quiet hours", "receivers:\n- name: a\n  devices:\n  - key_file: keys/bob\n    quiet_hours:\n    - from: late\n", `c.yml:6: want a time of day such as 22:00, have "late"`},
		{"quiet hours without an end", "receivers:\n- name: a\n  devices:\n  - key_file: keys/bob\n    quiet_hours:\n    - from: 22:00\n", `c.yml:6: receivers.0.devices.0.quiet_hours.0.to: is needed`},
		{"quiet days", "receivers:\n- name: a\n  devices:\n  - key_file: keys/bob\n    quiet_hours: [{from: 22:00, to: 07:00, days: [monday]}]\n", `quiet_hours.0.days.0: want one of sun, mon,`},
		{"quiet exceptions", "receivers:\n- name: a\n  devices:\n  - key_file: keys/bob\n    quiet_hours: [{from: 22:00, to: 07:00, except: [page]}]\n", `quiet_hours.0.except.0: want critical, warning or info, have "page"`},
		{"watchdog", device + "watchdog: {after: 1s}", "c.yml:2: watchdog.receiver: is needed"},
		{"watchdog of a receiver with pushes", device + "watchdog:\n  receiver: a\n  after: 5m\n  tell: a", `c.yml:3: watchdog.receiver: the receiver "a" gets pushes`},
		{"watchdog too impatient", device + "watchdog:\n  receiver: w\n  tell: b\n  after: 5s", `c.yml:4: watchdog.tell: there is no receiver of the name "b"`},
		{"resolved", "receivers:\n- {name: a, devices: [{key_file: keys/bob}], resolved: maybe}", `c.yml:2: receivers.0.resolved: want one of update, delete, new, none, have "maybe"`},
		{"a template that does not parse", "receivers:\n- name: a\n  devices: [{key_file: keys/bob}]\n  title: '{{ .X'", "c.yml:4: receivers.0.title: template: title:1: unclosed action"},
		{"a template that cannot work", "receivers:\n- name: a\n  devices: [{key_file: keys/bob}]\n  body: '{{ .Nope }}'", "c.yml:4: receivers.0.body: on a sample (first notification): template: body:1:3: executing \"body\" at <.Nope>: can't evaluate field Nope"},
		{"a template that is not defined", "receivers:\n- name: a\n  devices: [{key_file: keys/bob}]\n  title: '{{ template \"my.title\" . }}'", `receivers.0.title: on a sample (first notification): template: title:1:12: executing "title" at <{{template "my.title" .}}>: template "my.title" not defined`},
		{"a level that is none", "receivers:\n- {name: a, devices: [{key_file: keys/bob}], level: loud}", `receivers.0.level: on a sample (first notification): want one of active`},
		{"a template file", device + "templates: [bad.tmpl]", "c.yml:2: templates: template file bad.tmpl: template: bad.tmpl:1: unclosed action"},
		{"no template file", device + "templates:\n- none.tmpl", "c.yml:3: templates.0: there is no file"},
		{"silences", device + "alertmanager: {silence_secret_file: short}", "c.yml:2: alertmanager.url: want a URL"},
		{"a short secret", device + "alertmanager: {url: 'http://a', silence_secret_file: short}", "alertmanager.silence_secret_file: the secret needs 16 characters at least, it has 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, files, err := load(t, tt.text)
			if err == nil {
				t.Fatal("no error")
			}
			got := err.Error()
			got = got[max(0, strings.Index(got, "c.yml")):]
			if !strings.Contains(got, tt.want) {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
			if strings.Contains(got, "Canary") {
				t.Errorf("a key is in %s", got)
			}
			if len(files) == 0 || files[0] != "c.yml" {
				t.Errorf("files %v", files)
			}
		})
	}
}
