package deploy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// TestGenerated: what kustomize needs of the mixin is as the mixin is. Written
// by make generate.
func TestGenerated(t *testing.T) {
	for path, want := range map[string]string{
		"deploy/components/prometheus-operator/rules.yaml": prometheusRule(t),
		"mixin/kustomization.yaml":                         dashboards(t),
	} {
		path = filepath.Join(root, path)
		if *update {
			must(t, os.WriteFile(path, []byte(want), 0o644))
			continue
		}
		got, err := os.ReadFile(path)
		must(t, err)
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is stale, run make generate:\n%s", path, diff)
		}
	}
}

func prometheusRule(t *testing.T) string {
	t.Helper()
	type rules struct {
		Groups []any `json:"groups"`
	}
	var all rules
	for _, name := range []string{"alerts.yml", "rules.yml"} {
		data, err := os.ReadFile(filepath.Join(root, "mixin", name))
		must(t, err)
		var some rules
		must(t, yaml.Unmarshal(data, &some))
		all.Groups = append(all.Groups, some.Groups...)
	}
	out, err := yaml.Marshal(map[string]any{
		"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
		"metadata": map[string]any{
			"name": "kubebark", "namespace": "kubebark", "labels": map[string]string{"app.kubernetes.io/part-of": "kubebark"},
		},
		"spec": all,
	})
	must(t, err)
	return "# Written by make generate from mixin/alerts.yml and mixin/rules.yml.\n" + string(out)
}

func dashboards(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "mixin", "dashboards", "*.json"))
	must(t, err)
	if len(paths) == 0 {
		t.Fatal("the mixin has no dashboards")
	}
	var b bytes.Buffer
	b.WriteString(`# Written by make generate: the dashboards as ConfigMaps that Grafana's sidecar
# picks up. deploy/components/dashboards has them for an overlay.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
generatorOptions:
  disableNameSuffixHash: true
  labels: {grafana_dashboard: "1", app.kubernetes.io/part-of: kubebark}
configMapGenerator:
`)
	for _, path := range paths {
		file := filepath.Base(path)
		fmt.Fprintf(&b, "  - name: kubebark-dashboard-%s\n    namespace: kubebark\n    files: [dashboards/%s]\n", strings.TrimSuffix(file, ".json"), file)
	}
	return b.String()
}
