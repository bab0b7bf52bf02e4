package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	promconfig "github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/conf/reference"
	"github.com/kubebark/kubebark/internal/conf/reference/reftest"
)

const (
	manual     = "../../docs/configuration.md"
	schemaFile = "../../docs/schema/kube-event-exporter.json"
)

func describe(t *testing.T) *reference.Node {
	t.Helper()
	c, err := loadConfig("", nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := reference.Describe(c, reference.Options{Module: "github.com/kubebark/kubebark"})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReference fails when the manual or the schema is stale.
func TestReference(t *testing.T) {
	keys := describe(t)
	s, err := keys.Schema("Configuration of kube-event-exporter")
	if err != nil {
		t.Fatal(err)
	}
	reftest.File(t, schemaFile, s, *update)
	client, err := reference.Describe(&promconfig.DefaultHTTPClientConfig, reference.Options{Module: "github.com/kubebark/kubebark"})
	if err != nil {
		t.Fatal(err)
	}
	reftest.Blocks(t, manual, map[string]string{
		"keys of kube-event-exporter":  keys.Markdown(),
		"flags of kube-event-exporter": reference.Flags(application(cli.Stdio{}).Model()),
		"keys of an HTTP client":       client.Markdown(),
	}, *update)
}

// everything has each key at least once.
const everything = `
external_labels: {cluster: prod-eu, tier: 1}
metrics: {series_limit: 5, series_limit_per_namespace: 2, series_ttl: 0, new_series_delay: 1h30m}
alerting:
  resend_interval: 1m
  queue_capacity: 9
  alertmanagers:
  - url: http://alertmanager:9093/prefix
    timeout: 10s
    basic_auth: {username: x, password_file: /p}
    tls_config: {ca_file: /ca, min_version: TLS12, insecure_skip_verify: false}
    follow_redirects: false
    http_headers: {X-Scope: {values: [a], secrets: [b], files: [c]}}
    proxy_url: http://proxy:3128
    proxy_connect_header: {X-A: [b]}
  - url: dns+http://alertmanager:9093
    oauth2: {client_id: a, client_secret: b, token_url: 'http://c', scopes: [d], endpoint_params: {e: f}}
alerts:
  identity: owner
  builtin_rules: false
  max_active: 10
  diagnostics: {pod_status: true}
  rules:
  - {name: a, why: b, matchers: ['reason="NoPods"'], drop: true}
  - matchers: ['type="Normal"', 'reason="Killing"']
    for: 0s
    min_occurrences: 3
    within: 10m
    keep_firing_for: 20m
    resolve_on: [Started]
    resolve_after: 1m
    once: true
    identity: object
    labels: {severity: critical}
    annotations: {runbook_url: 'https://example/{{ .Labels.reason }}'}
event_log:
  queue_capacity: 100
  rotation: {max_size_mb: 10, max_age: 1h, keep_files: 3, keep_for: 30d}
  enrichment: {labels: [app, app.kubernetes.io/*], annotations: [team], owners: true, pod: true, zone: true, qps: 5, burst: 10, timeout: 2s}
`

// TestSchemaAgrees holds the schema against what the program takes.
func TestSchemaAgrees(t *testing.T) {
	s := reftest.Compile(t, schemaFile)
	path := filepath.Join(t.TempDir(), "c.yml")
	load := func(file string) error {
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := loadConfig(path, nil)
		return err
	}
	s.Agree(t, everything, load)
	good := append(reftest.Examples(t, manual, "external_labels", "alerts"), reftest.Examples(t, "../../docs/alerts-rules.md", "alerts")...)
	shipped, err := filepath.Glob("../../deploy/*/exporter.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(shipped, "testdata/explain.yml") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		good = append(good, string(b))
	}
	for _, file := range append(good, "", "{}", "alerts:\nmetrics:\n") {
		if err := errors.Join(load(file), s.Check(t, file)); err != nil {
			t.Errorf("%v in\n%s", err, file)
		}
	}
}

// TestBadFiles has a row for each kind of mistake that an editor is to show, and
// what the program says about it.
func TestBadFiles(t *testing.T) {
	s := reftest.Compile(t, schemaFile)
	for _, tt := range []struct{ name, file, want string }{
		{"unknown section", "alert: {}", `1: unknown key "alert"`},
		{"unknown key", "alerts:\n  rules:\n  - matcher: ['reason=\"A\"']", `3: unknown key "matcher"`},
		{"unknown key of a client", "alerting:\n  alertmanagers:\n  - url: http://a\n    basicauth: {}", `4: unknown key "basicauth"`},
		{"list wanted", "alerts:\n  rules: {}", "2: want a list, have a mapping"},
		{"mapping wanted", "metrics: []", "1: want a mapping, have a list"},
		{"whole number wanted", "metrics: {series_limit: many}", "1: want a whole number, have the text `many`"},
		{"truth wanted", "alerts: {builtin_rules: perhaps}", "1: want true or false, have the text `perhaps`"},
		{"duration wanted", "metrics: {series_ttl: 5 minutes}", `1: want a duration such as 30s, 5m or 1h30m, have "5 minutes"`},
		{"no unit", "metrics: {series_ttl: 5}", `1: want a duration such as 30s, 5m or 1h30m, have "5"`},
		{"unknown identity", "alerts: {identity: pod}", `1: alerts.identity: unknown identity "pod": want workload, object or owner`},
		{"no matcher", "alerts: {rules: [{name: a}]}", "1: alerts.rules.0.matchers: at least one is needed"},
		{"no URL", "alerting: {alertmanagers: [{timeout: 1s}]}", "1: alerting.alertmanagers.0.url: want http://host:port"},
		{"too few", "metrics: {series_limit: 0}", "1: metrics.series_limit: want at least 1"},
		{"version of TLS", "alerting: {alertmanagers: [{url: 'http://a', tls_config: {min_version: TLS9}}]}", "unknown TLS version: TLS9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := s.Check(t, tt.file); err == nil {
				t.Error("the schema takes it")
			}
			c, err := loadConfig("", nil)
			if err != nil {
				t.Fatal(err)
			}
			err = conf.Parse("c.yml", []byte(tt.file), c)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}
