package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/httpd"
	"github.com/kubebark/kubebark/internal/leaktest"
	"github.com/kubebark/kubebark/internal/logging"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const canary = "CanaryKey0000000000001"

func call(in string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(args, cli.Stdio{In: strings.NewReader(in), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

// dir makes a directory with a configuration, a bad one, and the keys.
func dir(t *testing.T, server string) string {
	t.Helper()
	d := t.TempDir()
	for name, text := range map[string]string{
		"key":     canary + "\n",
		"aes":     "0123456789abcdef",
		"c.yml":   "bark: {server_url: '" + server + "'}\ndefault_receiver: oncall\nreceivers:\n- name: oncall\n  devices: [{name: alice, key_file: key, encryption: {algorithm: aes-128-gcm, key_file: aes}}]\n  sound: alarm\n  resolved: push\n",
		"bad.yml": "receivers:\n- name: oncall\n  devices: [{name: alice, key_file: none}]\n  title: '{{ .Status'\n",
	} {
		if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// TestUsage has a row for each way to call the program wrongly, or to ask it
// about itself.
func TestUsage(t *testing.T) {
	d := dir(t, "http://127.0.0.1:1")
	good, bad := d+"/c.yml", d+"/bad.yml"
	for _, tt := range []struct {
		name string
		args []string
		code int
		out  string // contained
		errs string // contained
	}{
		{"help", []string{"--help"}, 0, "check-config", ""},
		{"version", []string{"--version"}, 0, "alertmanager-bark, version", ""},
		{"unknown flag", []string{"--bogus"}, 2, "", "unknown long flag '--bogus'; try --help"},
		{"no configuration", nil, 2, "", "required flag(s) '--config.file' not provided; try --help"},
		{"missing configuration", []string{"--config.file", d + "/none.yml"}, 2, "", d + "/none.yml: no such file or directory"},
		{"bad configuration", []string{"--config.file", bad}, 2, "", bad + ":4: receivers.0.title: template: title:1: unclosed action"},
		{"bad external URL", []string{"--config.file", good, "--web.external-url", "host:80"}, 2, "", "--web.external-url"},
		{"a port that is not ours", []string{"--config.file", good, "--web.listen-address", "192.0.2.1:1"}, 1, "", "--web.listen-address 192.0.2.1:1"},
		{"good configuration", []string{"check-config", good}, 0, "receiver oncall: alice (aes-128-gcm); own templates: sound; resolved: push; for all names that match none, too", ""},
		{"one of two bad", []string{"check-config", bad, good}, 2, good + ": good\n", "bad.yml:3: receivers.0.devices.0.key_file: read key file"},
		{"render for nobody", []string{"render", "--config.file", bad, "--receiver", "x"}, 2, "", "bad.yml:3"},
		{"render of nothing", []string{"render", "--config.file", good, d + "/none.json"}, 2, "", "none.json: no such file or directory"},
		{"render of no message", []string{"render", "--config.file", good, d + "/aes"}, 1, "", "aes: decode webhook message"},
		{"push without a server", []string{"push", "--config.file", good, "--receiver", "oncall"}, 1, "alice: retry (", "not every device has the push"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := call("", tt.args...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errs, tt.errs) {
				t.Errorf("exit status %d, want %d\n%s\n%s", code, tt.code, out, errs)
			}
			if strings.Contains(out+errs, canary) {
				t.Error("the key is in what it says")
			}
		})
	}
}

const message = `{"version":"4","groupKey":"{}:{}","receiver":"oncall","status":"firing","groupLabels":{"alertname":"DiskFull"},
"alerts":[{"status":"firing","labels":{"alertname":"DiskFull","instance":"db-1"},"annotations":{"summary":"95 % <full>"},"startsAt":"2026-11-25T09:00:00Z","endsAt":"0001-01-01T00:00:00Z"}]}`

func TestRender(t *testing.T) {
	d := dir(t, "http://127.0.0.1:1")
	code, out, errs := call(message, "render", "--config.file", d+"/c.yml", "--receiver", "oncall")
	for _, want := range []string{`"device_key": "***"`, `"encrypted": "aes-128-gcm"`, `"title": "DiskFull`, `"body": "95 % <full>"`, `"sound": "alarm"`} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit status %d, want %s in\n%s\n%s", code, want, out, errs)
		}
	}
	if strings.Contains(out, canary) {
		t.Error("the key is in it")
	}
}

// TestService goes through a life: start, a webhook, a reload, SIGTERM.
func TestService(t *testing.T) {
	bark := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"code":200,"message":"success"}`)
	}))
	defer bark.Close()
	d := dir(t, bark.URL)
	logs := new(lockedBuffer)
	s := &service{std: cli.Stdio{Out: io.Discard, Err: logs}, logs: &logging.Config{}, configFile: d + "/c.yml", publicAddress: "127.0.0.1:0"}
	s.web = &httpd.Flags{Addresses: []string{"127.0.0.1:0"}, Lifecycle: true}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.serve(ctx) }()
	url := "http://" + logs.wait(t, regexp.MustCompile(`address=(127\S+)`))
	public := "http://" + logs.wait(t, regexp.MustCompile(`public=(127\S+)`))
	client := &http.Client{Transport: new(http.Transport)}
	for path, want := range map[string]int{"/silence": 404, "/metrics": 404, "/webhook": 404, "/preview": 404, "/": 404} {
		if code, text := request(t, client, http.MethodGet, public+path, ""); code != want || path == "/silence" && !strings.Contains(text, "Silence links are off") {
			t.Errorf("public %s: %d %s", path, code, text)
		}
	}
	for _, tt := range []struct {
		method, path, body string
		code               int
		has                string
	}{
		{"GET", "/-/ready", "", 200, "ready"},
		{"POST", "/webhook", message, 200, "alice: delivered"},
		{"POST", "/webhook/x/y/oncall", message, 200, "alice: duplicate"},
		{"GET", "/webhook", "", 405, ""},
		{"GET", "/preview", "", 200, "What a push will look like"},
		{"GET", "/silence", "", 404, ""},
		{"POST", "/-/reload", "", 200, "Configuration loaded."},
		{"GET", "/metrics", "", 200, `alertmanager_bark_pushes_total{outcome="delivered",receiver="oncall"} 1`},
		{"GET", "/metrics", "", 200, `alertmanager_bark_config_last_reload_successful 1`},
		{"GET", "/metrics", "", 200, `alertmanager_bark_build_info{`},
		{"GET", "/metrics", "", 200, `alertmanager_bark_bark_up{server="` + bark.URL + `"} 1`},
	} {
		code, text := request(t, client, tt.method, url+tt.path, tt.body)
		if code != tt.code || !strings.Contains(text, tt.has) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, code, text)
		}
	}
	client.CloseIdleConnections()
	cancel()
	if err := <-done; err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if strings.Contains(logs.String(), canary) {
		t.Error("the key is in the log")
	}
}

func request(t *testing.T, c *http.Client, method, url, body string) (code int, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}
