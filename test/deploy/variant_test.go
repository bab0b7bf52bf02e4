package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/kubebark/kubebark/test/testbed"
)

// variant is a way to install kubebark: a kustomize overlay, or components on
// the base, and the chart's values that say the same.
type variant struct {
	name       string
	overlay    string // below deploy/overlays, instead of the base
	components []string
	values     string
	// only kustomize has these; their part is someone else's in the chart
	only []string
}

var variants = []variant{ //nolint:gochecknoglobals // a table of several tests
	{name: "base"},
	{name: "owner-lookups", components: []string{"owner-lookups"}, values: "exporter: {ownerLookups: true}"},
	{name: "pod-diagnostics", components: []string{"pod-diagnostics"}, values: "exporter: {podDiagnostics: true}"},
	{name: "state-volume", components: []string{"state-volume"}, values: "exporter: {state: {persistent: true}}"},
	{name: "two-replicas", components: []string{"two-replicas"}, values: "exporter: {replicas: 2}"},
	{name: "network-policy", components: []string{"network-policy"}, values: "networkPolicy: {enabled: true}"},
	{
		name: "prometheus-operator", components: []string{"prometheus-operator"},
		values: "{serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}}",
	},
	{name: "alertmanager-config", components: []string{"alertmanager-config"}, values: "alertmanagerConfig: {enabled: true}"},
	{name: "dashboards", components: []string{"dashboards"}, values: "dashboards: {enabled: true}"},
	{
		name: "namespaces", overlay: "namespaces",
		values: "exporter: {namespaces: [shop, search], ownerLookups: true, podDiagnostics: true}",
	},
	{
		name: "kube-prometheus", overlay: "kube-prometheus",
		values: "{exporter: {ownerLookups: true}, networkPolicy: {enabled: true}, serviceMonitor: {enabled: true}," +
			" prometheusRule: {enabled: true}, alertmanagerConfig: {enabled: true}, dashboards: {enabled: true}}",
		only: []string{"Role kubebark/prometheus-k8s", "RoleBinding kubebark/prometheus-k8s"},
	},
}

// eachVariant runs a test for each way to install.
func eachVariant(t *testing.T, test func(t *testing.T, v variant)) {
	t.Helper()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			test(t, v)
		})
	}
}

// dir makes a folder that kubectl apply -k takes, as a user would write it.
func (v variant) dir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	abs, err := filepath.Abs(filepath.Join(root, "deploy"))
	must(t, err)
	must(t, os.Symlink(abs, filepath.Join(dir, "deploy")))
	base := "base"
	if v.overlay != "" {
		base = "overlays/" + v.overlay
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [deploy/%s]\ncomponents:\n", base)
	for _, c := range v.components {
		fmt.Fprintf(&b, "  - deploy/components/%s\n", c)
	}
	must(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(b.String()), 0o600))
	return dir
}

// kustomized is what kustomize makes of the variant.
func (v variant) kustomized(t *testing.T) objects {
	t.Helper()
	out, _ := kubectl(t, "", "kustomize", v.dir(t))
	return parse(t, out)
}

// helmed is what the chart makes of the variant.
func (v variant) helmed(t *testing.T) objects {
	t.Helper()
	return parse(t, v.helm(t, "template"))
}

// helm runs a command of helm's that takes a chart and values.
func (v variant) helm(t *testing.T, args ...string) string {
	t.Helper()
	values := filepath.Join(t.TempDir(), "values.yaml")
	must(t, os.WriteFile(values, []byte(v.values), 0o600))
	out, err := helm(t, append(args, "kubebark", filepath.Join(root, "deploy", "helm", "kubebark"), "--namespace=kubebark", "--values="+values)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := testbed.Binary("", "helm")
	must(t, err)
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home, "HELM_PLUGINS="+home)
	if cluster != nil {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+cluster.Kubeconfig(testbed.Admin))
	}
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("helm %v: %w\n%s", args, err, stderr.String())
	}
	return out.String(), nil
}

// kubectl runs kubectl, which must succeed, and returns what it printed.
func kubectl(t *testing.T, stdin string, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, err := tryKubectl(t, stdin, args...)
	if err != nil {
		t.Fatalf("kubectl %v: %v\n%s", args, err, stderr)
	}
	return stdout, stderr
}

func tryKubectl(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd, err := kubectlCommand(t.Context(), args...)
	must(t, err)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// objects are manifests, by kind, namespace and name.
type objects map[string]*unstructured.Unstructured

func parse(t *testing.T, manifests string) objects {
	t.Helper()
	all := objects{}
	d := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(manifests), 4096)
	for {
		var o unstructured.Unstructured
		err := d.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		must(t, err)
		if len(o.Object) == 0 {
			continue
		}
		if all[key(&o)] != nil {
			t.Fatalf("%s is there twice", key(&o))
		}
		all[key(&o)] = &o
	}
}

func key(o *unstructured.Unstructured) string {
	name := o.GetName()
	if ns := o.GetNamespace(); ns != "" {
		name = ns + "/" + name
	}
	return o.GetKind() + " " + name
}
