package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
)

// TestServerTakes: the API server takes all of what kustomize and the chart
// make, in a namespace for restricted pods, and warns of nothing.
func TestServerTakes(t *testing.T) {
	eachVariant(t, func(t *testing.T, v variant) {
		out, stderr := kubectl(t, "", "apply", "-k", v.dir(t), "--dry-run=server")
		if strings.Contains(stderr, "Warning") {
			t.Errorf("by kustomize: %s", stderr)
		}
		if n := strings.Count(out, "(server dry run)"); n < 8 {
			t.Errorf("only %d objects:\n%s", n, out)
		}
		_, stderr = kubectl(t, v.helm(t, "template"), "apply", "-f", "-", "--dry-run=server")
		if strings.Contains(stderr, "Warning") {
			t.Errorf("by the chart: %s", stderr)
		}
	})
}

// TestHelmInstalls: the chart is installed, changed and taken away for real.
func TestHelmInstalls(t *testing.T) {
	const ns = "by-helm"
	chart := filepath.Join(root, "deploy", "helm", "kubebark")
	values := filepath.Join(t.TempDir(), "values.yaml")
	steps := []struct {
		values string
		args   []string
		want   string // what is there afterwards
	}{
		{"exporter: {namespaces: [shop]}", []string{"install", "kubebark", chart, "--create-namespace", "--namespace=" + ns, "--values=" + values}, "deployment.apps/kube-event-exporter"},
		{
			"{exporter: {namespaces: [shop], replicas: 2}, dashboards: {enabled: true}}",
			[]string{"upgrade", "kubebark", chart, "--namespace=" + ns, "--values=" + values},
			"poddisruptionbudget.policy/kube-event-exporter",
		},
		{"", []string{"uninstall", "kubebark", "--namespace=" + ns}, ""},
	}
	for _, s := range steps {
		must(t, os.WriteFile(values, []byte(s.values), 0o600))
		if _, err := helm(t, s.args...); err != nil {
			t.Fatal(err)
		}
		out, _ := kubectl(t, "", "get", "deployments,poddisruptionbudgets", "--namespace="+ns, "--output=name")
		if s.want == "" && out != "" || !strings.Contains(out, s.want) {
			t.Errorf("after helm %s there is %q", s.args[0], out)
		}
	}
}

// TestPodsAreRestricted: the API server lets the pods into a namespace that
// enforces the Pod Security Standard "restricted", and would not without any
// one of their restrictions. The receiver's pod has no token.
func TestPodsAreRestricted(t *testing.T) {
	client, err := cluster.Client()
	must(t, err)
	for _, name := range []string{"default", "kube-event-exporter"} {
		_, err := client.CoreV1().ServiceAccounts("kubebark").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"kube-event-exporter", "alertmanager-bark"} {
		t.Run(name, func(t *testing.T) {
			template := deployment(t, variant{}.kustomized(t), name).Spec.Template
			pod, err := admit(t, client, template)
			must(t, err)
			if got := hasToken(pod); got != (name == "kube-event-exporter") {
				t.Errorf("it has a token of the API server: %v", got)
			}
			if !*pod.Spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem {
				t.Error("its root may be written to")
			}
			for what, loosen := range looser {
				worse := *template.DeepCopy()
				loosen(&worse.Spec)
				if _, err := admit(t, client, worse); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "restricted") {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// looser takes away one restriction each.
var looser = map[string]func(*corev1.PodSpec){ //nolint:gochecknoglobals // a table
	"may run as root":    func(p *corev1.PodSpec) { p.SecurityContext.RunAsNonRoot, p.SecurityContext.RunAsUser = nil, nil },
	"runs as root":       func(p *corev1.PodSpec) { p.SecurityContext.RunAsUser = new(int64(0)) },
	"any system call":    func(p *corev1.PodSpec) { p.SecurityContext.SeccompProfile = nil },
	"more privileges":    func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil },
	"capabilities":       func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.Capabilities = nil },
	"the host's files":   func(p *corev1.PodSpec) { p.Volumes[0].VolumeSource = hostPath },
	"the host's network": func(p *corev1.PodSpec) { p.HostNetwork = true },
}

var hostPath = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc"}} //nolint:gochecknoglobals // of a table

// admit has the API server look at a pod of the template.
func admit(t *testing.T, client kubernetes.Interface, template corev1.PodTemplateSpec) (*corev1.Pod, error) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.GenerateName = "p-"
	return client.CoreV1().Pods("kubebark").Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

func hasToken(pod *corev1.Pod) bool {
	for _, v := range pod.Spec.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.ServiceAccountToken != nil {
				return true
			}
		}
	}
	return false
}

// deployment returns a Deployment of the manifests.
func deployment(t *testing.T, all objects, name string) *appsv1.Deployment {
	t.Helper()
	var d appsv1.Deployment
	into(t, all["Deployment kubebark/"+name], &d)
	return &d
}

func into(t *testing.T, o *unstructured.Unstructured, v any) {
	t.Helper()
	if o == nil {
		t.Fatal("there is no such object")
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, v, true); err != nil {
		t.Fatal(fmt.Errorf("read %s: %w", key(o), err))
	}
}
