package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/mixin"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// TestAlertsOfOurOwn: what is wrong with kubebark reaches a phone: from its
// metrics by Prometheus and the shipped alerts, which have shorter times here by
// way of the mixin's configuration, through Alertmanager and the receiver.
func TestAlertsOfOurOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{routes: `{receiver: team, matchers: ['reason="BackupFailed"']}`})
	w.ready()
	w.prometheusWithAlerts()

	// The key of a device is not known any more.
	w.bo.Fail(phone.APNs("BadDeviceToken"))
	w.recorder("lab-operator").Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	w.push(w.ada, "AlertmanagerBarkRefused", "A device of receiver team is unknown")

	// A configuration is faulty.
	good, err := os.ReadFile(filepath.Join(w.dir, "exporter.yml"))
	w.must(err)
	w.file("exporter.yml", string(good)+"\nnonsense: true\n")
	w.must(w.exporter.Signal(syscall.SIGHUP))
	w.push(w.ada, "KubebarkConfigurationRefused", "names file, line and key")

	// The exporter goes away, and comes back.
	w.file("exporter.yml", string(good))
	w.exporter.Kill()
	w.push(w.ada, "KubeEventExporterAbsent", "neither counted nor alerted")
	w.exporter = w.startAgain(w.exporter)
	w.eventually("Alertmanager has no alert of an absent exporter", func() (bool, error) {
		_, body, err := testbed.Get(w.ctx, w.am+"/api/v2/alerts?filter=alertname%3D%22KubeEventExporterAbsent%22")
		return err == nil && strings.TrimSpace(body) == "[]", fmt.Errorf("it has %s, %w", body, err)
	})
}

// prometheusWithAlerts starts a Prometheus with the mixin's alerts, and waits
// until it has seen both programs in health.
func (w *world) prometheusWithAlerts() {
	w.t.Helper()
	config := w.file("my.libsonnet", `{
	  _config+:: { alerts: std.mapWithKey(function(_, a) a { 'for': '1s' }, super.alerts) },
	}`)
	files, err := mixin.Render("../../mixin", config)
	w.must(err)
	rules := w.file("alerts.yml", string(files["alerts.yml"]))
	address := func(url string) string { return strings.TrimPrefix(url, "http://") }
	w.prometheus, err = testbed.StartPrometheus(w.ctx, fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
  - {job_name: kube-event-exporter, honor_labels: true, static_configs: [{targets: [%q]}]}
  - {job_name: alertmanager-bark, static_configs: [{targets: [%q]}]}
`, rules, address(w.am), address(w.exporter.url), address(w.receiver.url)), testbed.ServerOptions{})
	w.must(err)
	w.t.Cleanup(func() { w.check(w.prometheus.Stop()) })
	for _, want := range []string{"count(up == 1) == 2", `alertmanager_bark_pushes_total{receiver="team", outcome="refused"} == 0`} {
		w.eventually(want, func() (bool, error) {
			found, err := w.prometheus.Query(w.ctx, want)
			return len(found) > 0, err
		})
	}
}
