package deploy

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestChartIsTheSame: the chart makes the same objects as kustomize.
func TestChartIsTheSame(t *testing.T) {
	eachVariant(t, func(t *testing.T, v variant) {
		want, got := v.kustomized(t), v.helmed(t)
		for _, k := range v.only {
			if want[k] == nil {
				t.Errorf("kustomize has no %s", k)
			}
			delete(want, k)
		}
		if v.name != "namespaces" && want["Namespace kubebark"] == nil {
			t.Error("kustomize makes no namespace")
		}
		delete(want, "Namespace kubebark") // that helm makes by --create-namespace
		if diff := cmp.Diff(normal(t, want), normal(t, got)); diff != "" {
			t.Errorf("-kustomize +helm:\n%s", diff)
		}
	})
}

// normal takes from objects what may differ: labels that say who made them,
// comments and the order of keys in the configuration files, and the order of
// volumes.
func normal(t *testing.T, all objects) map[string]any {
	t.Helper()
	out := map[string]any{}
	for k, o := range all {
		o = o.DeepCopy()
		labels := o.GetLabels()
		maps.DeleteFunc(labels, func(name, _ string) bool {
			return strings.HasPrefix(name, "app.kubernetes.io/") || strings.HasPrefix(name, "helm.sh/")
		})
		if len(labels) == 0 {
			labels = nil
		}
		o.SetLabels(labels)
		switch o.GetKind() {
		case "ConfigMap":
			parseFiles(t, o)
		case "Deployment":
			sortVolumes(t, o)
		}
		out[k] = o.Object
	}
	return out
}

func sortVolumes(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	path := []string{"spec", "template", "spec", "volumes"}
	volumes, _, err := unstructured.NestedSlice(o.Object, path...)
	must(t, err)
	slices.SortFunc(volumes, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	must(t, unstructured.SetNestedSlice(o.Object, volumes, path...))
}

func parseFiles(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	data, _, err := unstructured.NestedStringMap(o.Object, "data")
	must(t, err)
	parsed := map[string]any{}
	for name, text := range data {
		var v any
		must(t, yaml.Unmarshal([]byte(text), &v))
		parsed[name] = v
	}
	o.Object["data"] = parsed
}

// TestValues: a value that is misspelt, of the wrong type or makes no sense is
// refused in words that name it, and all that is in values.yaml is in the
// schema.
func TestValues(t *testing.T) {
	for _, tt := range []struct{ name, values, want string }{
		{"misspelt", "exporter: {replica: 2}", "replica"},
		{"of another type", "exporter: {namespaces: shop}", "exporter/namespaces"},
		{"not a namespace", "exporter: {namespaces: [Shop_1]}", "exporter/namespaces/0"},
		{"three replicas", "exporter: {replicas: 3}", "exporter/replicas"},
		{"not a flag", "exporter: {extraArgs: [shard=1]}", "exporter/extraArgs/0"},
		{"no secret", "receiver: {keysSecret: ''}", "receiver/keysSecret"},
		{"two on one volume", "exporter: {replicas: 2, state: {persistent: true}}", "exporter.state.persistent is for exporter.replicas: 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			values := t.TempDir() + "/values.yaml"
			must(t, os.WriteFile(values, []byte(tt.values), 0o600))
			_, err := helm(t, "template", "kubebark", root+"/deploy/helm/kubebark", "--values="+values)
			if err == nil {
				t.Fatal("taken")
			}
			if got := strings.ReplaceAll(err.Error(), ".", "/"); !strings.Contains(got, strings.ReplaceAll(tt.want, ".", "/")) {
				t.Errorf("%v\ndoes not name %q", err, tt.want)
			}
		})
	}
	if _, err := helm(t, "lint", "--strict", root+"/deploy/helm/kubebark"); err != nil {
		t.Error(err)
	}
}

// TestEmptyValues: what may be switched off is off, and what may be added is
// added.
func TestEmptyValues(t *testing.T) {
	for _, tt := range []struct {
		values    string
		has, lack []string
	}{
		{"exporter: {enabled: false}", []string{"Deployment kubebark/alertmanager-bark"}, []string{"Deployment kubebark/kube-event-exporter", "ClusterRole kube-event-exporter"}},
		{"receiver: {enabled: false}", []string{"Deployment kubebark/kube-event-exporter"}, []string{"Deployment kubebark/alertmanager-bark", "ConfigMap kubebark/alertmanager-bark"}},
	} {
		got := variant{values: tt.values}.helmed(t)
		for _, k := range tt.has {
			if got[k] == nil {
				t.Errorf("%s: no %s in %v", tt.values, k, slices.Sorted(maps.Keys(got)))
			}
		}
		for _, k := range tt.lack {
			if got[k] != nil {
				t.Errorf("%s: there is %s", tt.values, k)
			}
		}
	}
	got := variant{values: `
exporter:
  externalURL: https://events.example.org
  extraArgs: [--log.level=debug]
  tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]
image: {repository: mirror.example/kubebark, tag: 1.2.3, pullSecrets: [mirror]}
`}.helmed(t)
	text, err := yaml.Marshal(got["Deployment kubebark/kube-event-exporter"].Object)
	must(t, err)
	for _, want := range []string{"--web.external-url=https://events.example.org", "--log.level=debug", "node-role.kubernetes.io/control-plane", "mirror.example/kubebark:1.2.3", "imagePullSecrets"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}
