package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The phones' URL.
const receiverConfig = `
source: demo
bark: {server_url: %s, timeout: 5s}
receivers:
  - name: oncall
    devices: [{name: ada, key_file: ada}]
  - name: shop # whose device nobody knows
    devices: [{name: bo, key_file: unknown}]
    fallback: {receiver: oncall}
watchdog: {receiver: watchdog, after: 1h, tell: oncall}
`

// The receiver's URL.
const alertmanagerConfig = `
route:
  receiver: nobody
  group_by: [alertname, namespace, name]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
    - {receiver: oncall, matchers: ['source="kubernetes-event"'], continue: true}
    - {receiver: shop, matchers: ['namespace="shop"']}
receivers:
  - name: nobody
  - {name: oncall, webhook_configs: [{url: %[1]s/webhook}]}
  - {name: shop, webhook_configs: [{url: %[1]s/webhook}]}
`

// The Alertmanager's URL.
const labConfig = `
external_labels: {cluster: lab}
metrics: {series_limit: 3, new_series_delay: 2s}
alerting: {resend_interval: 2s, alertmanagers: [{url: %s}]}
`

// The URLs of the Alertmanager and of the one that refuses.
const demoConfig = `
external_labels: {cluster: demo}
metrics: {new_series_delay: 2s}
alerting: {resend_interval: 2s, alertmanagers: [{url: %s}, {url: %s}]}
alerts:
  rules:
    - {name: drop-starts, matchers: ['reason=~"Created|Started"'], drop: true}
`

// The file of recording rules, and the addresses of the two exporters, the
// receiver and the Alertmanager.
const prometheusConfig = `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: kube-event-exporter
    honor_labels: true
    static_configs: [{targets: [%q], labels: {cluster: demo}}]
  - job_name: kube-event-exporter-native
    honor_labels: true
    scrape_native_histograms: true
    static_configs: [{targets: [%q], labels: {cluster: lab}}]
  - job_name: alertmanager-bark
    static_configs: [{targets: [%q], labels: {cluster: demo}}]
  - job_name: alertmanager
    static_configs: [{targets: [%q], labels: {cluster: demo}}]
`

// settled are the things that must have happened before the dashboards are
// looked at, each as an expression that then yields something.
func settled() []string {
	return []string{
		`alertmanager_bark_pushes_total{receiver="oncall", outcome="delivered"} > 0`,
		`alertmanager_bark_pushes_total{receiver="shop", outcome="refused"} > 0`,
		`alertmanager_bark_fallbacks_total{receiver="shop"} > 0`,
		`sum(alertmanager_notifications_suppressed_total{reason="silence"}) > 0`,
		`alertmanager_alerts{state="suppressed"} > 0`,
		`kube_event_exporter_notifications_dropped_total > 0`,
		`kube_event_exporter_watch_restarts_total{cause="expired"} > 1`,
		`kube_event_exporter_series_dropped_total > 1`,
		`kube_event_exporter_state_last_write_timestamp_seconds > 0`,
		`kube_event_exporter_event_log_otlp_records_total > 1`,
		`cluster_type:kube_event_occurrences:rate5m{cluster="demo"} > 0`,
	}
}

// silence mutes one of the lab's reasons in the Alertmanager.
func (s *Stage) silence(ctx context.Context) error {
	now := time.Now()
	body, err := json.Marshal(map[string]any{
		"matchers": []map[string]any{{"name": "reason", "value": "Trouble0", "isRegex": false, "isEqual": true}},
		"startsAt": now, "endsAt": now.Add(time.Hour), "createdBy": "stage", "comment": "known",
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL("alertmanager")+"/api/v2/silences", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("silence: %s", resp.Status)
	}
	return nil
}
