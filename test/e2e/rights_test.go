package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestRights runs the exporter as the service account of the manifests. Before
// it has their one right it says what is missing and is not ready; once it has
// it, it recovers by itself; and more than that it cannot do.
func TestRights(t *testing.T) {
	w := newWorld(t, setting{kubeconfig: serviceAccount(t), everywhere: true})
	w.eventually("it says what is missing", func() (bool, error) {
		code, body, err := testbed.Get(w.ctx, w.exporter.url+"/-/ready")
		return code == 503 && strings.Contains(body, `cannot list resource "events"`), err
	})
	if log := w.exporter.Logs(); strings.Count(log, "level=warn") > 3 {
		t.Errorf("it says so again and again:\n%s", w.exporter.Tail(20))
	}

	var role rbacv1.ClusterRole
	var binding rbacv1.ClusterRoleBinding
	manifest(t, "ClusterRole", &role)
	manifest(t, "ClusterRoleBinding", &binding)
	rbac := w.client.RbacV1()
	_, err := rbac.ClusterRoles().Create(w.ctx, &role, metav1.CreateOptions{})
	w.must(err)
	_, err = rbac.ClusterRoleBindings().Create(w.ctx, &binding, metav1.CreateOptions{})
	w.must(err)

	w.ready()
	w.ns = w.newNamespace() // the right is for all of them
	w.recorder("lab-operator").Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	w.counts("BackupFailed", 1)
	w.push(w.ada, "BackupFailed", "first")
}

// manifest reads the object of a kind from the manifests that users apply.
func manifest(t *testing.T, kind string, into any) {
	t.Helper()
	data, err := os.ReadFile("../../deploy/base/exporter-rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for doc := range strings.SplitSeq(string(data), "\n---\n") {
		var meta metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(doc), &meta); err != nil {
			t.Fatal(err)
		}
		if meta.Kind == kind {
			if err := yaml.UnmarshalStrict([]byte(doc), into); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no %s in the manifests", kind)
}

// serviceAccount makes the manifests' service account and returns a kubeconfig
// with a token of it.
func serviceAccount(t *testing.T) string {
	t.Helper()
	client, err := cluster.Client()
	if err != nil {
		t.Fatal(err)
	}
	var sa corev1.ServiceAccount
	manifest(t, "ServiceAccount", &sa)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: sa.Namespace}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().ServiceAccounts(sa.Namespace).Create(t.Context(), &sa, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	path, err := cluster.ServiceAccountKubeconfig(t.Context(), sa.Namespace, sa.Name)
	if err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
