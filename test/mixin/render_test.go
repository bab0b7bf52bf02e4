package mixin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRendered: what is in the repository is what the sources render to, and
// nothing else is there.
func TestRendered(t *testing.T) {
	files := rendered(t)
	for name, want := range files {
		path := filepath.Join(folder, name)
		if *update {
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s is stale; make generate writes it anew (-rendered +file)\n%s", name, d)
		}
	}
	boards, err := filepath.Glob(filepath.Join(folder, "dashboards", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range boards {
		if _, ok := files["dashboards/"+filepath.Base(path)]; !ok {
			t.Errorf("%s is rendered from nothing", path)
		}
	}
}

// TestConfiguration: a configuration of one's own changes selectors, the
// cluster's label, thresholds, and leaves alerts out.
func TestConfiguration(t *testing.T) {
	config := filepath.Join(t.TempDir(), "my.libsonnet")
	err := os.WriteFile(config, []byte(`{_config+:: {
		exporterSelector: 'job="events"', receiverSelector: 'job="bark"', alertmanagerSelector: 'job="am"',
		clusterLabel: 'k8s', expect+: {receiver: false}, runbookURL: 'https://wiki.example/%s',
		rules+: {window: '10m'},
		alerts+: {
			KubeEventLagging+: {'for': '1m', severity: 'critical', over: 0.5, window: '3m'},
			KubeEventSeriesNearLimit: null,
		},
		dashboards+: {exporterURL: 'https://events.example', spike+: {atLeast: 77}},
	}}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Render(folder, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file      string
		want      []string
		otherwise []string
	}{
		{
			"alerts.yml",
			[]string{
				`rate(kube_event_exporter_event_lag_seconds_bucket{job="events"}[3m])`, "> 0.5\n        for: 1m\n        labels:\n          severity: critical",
				`group by (k8s) (kube_event_exporter_build_info{job="events"})`, `absent(kube_event_exporter_build_info{job="events"})`,
				`https://wiki.example/KubeEventLagging`, `alertmanager_bark_bark_up{job="bark"} == 0`, "Half of the events of the last 3m",
			},
			[]string{"KubeEventSeriesNearLimit", "absent(alertmanager_bark_build_info", "cluster"},
		},
		{"rules.yml", []string{`k8s_type:kube_event_occurrences:rate10m`, `rate(kube_event_occurrences_total{job="events"}[10m])`}, []string{"cluster", "5m"}},
		{"dashboards/events.json", []string{`k8s=~\"$cluster\"`, `job=\"events\"`, `job=\"am\"`, `https://events.example`, `>= 77`}, []string{"cluster=~", "localhost:10056"}},
		{"dashboards/alerts-and-pushes.json", []string{`alertmanager_bark_pushes_total{job=\"bark\", k8s=~`}, []string{"cluster=~"}},
		{"dashboards/kubebark.json", []string{`kube_event_exporter_series{job=\"events\", k8s=~`}, []string{"cluster=~"}},
	} {
		for _, s := range tt.want {
			if !strings.Contains(string(files[tt.file]), s) {
				t.Errorf("%s lacks %s", tt.file, s)
			}
		}
		for _, s := range tt.otherwise {
			if strings.Contains(string(files[tt.file]), s) {
				t.Errorf("%s still has %s", tt.file, s)
			}
		}
	}
}

func TestConfigurationFails(t *testing.T) {
	config := filepath.Join(t.TempDir(), "my.libsonnet")
	if err := os.WriteFile(config, []byte("{_config+:: {alerts: }}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Render(folder, config); err == nil || !strings.Contains(err.Error(), "my.libsonnet:1:") {
		t.Errorf("error %v, want one that names file and line", err)
	}
}
