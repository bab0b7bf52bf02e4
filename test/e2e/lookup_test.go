package e2e

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

const lookups = `
alerts:
  identity: owner
  builtin_rules: false
  diagnostics: {pod_status: true}
`

// TestLookups: with exactly the rights of the components an alert is named
// after the owner, says why the container died, and ends when its object is
// gone.
func TestLookups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{
		exporter: lookups,
		kubeconfig: rights(t, "lookups", "../../deploy/base/exporter-rbac.yaml",
			"../../deploy/components/owner-lookups/rbac.yaml", "../../deploy/components/pod-diagnostics/rbac.yaml"),
	})
	w.ready()
	pod := w.crashed("cart")
	w.recorder("kubelet").Event(pod, corev1.EventTypeWarning, "BackOff", "Back-off restarting failed container")
	n := w.push(w.ada, "BackOff", "cart")
	a := w.alert("BackOff")
	if a.Labels["kind"] != "Deployment" || a.Labels["name"] != "cart" || a.Labels["deployment"] != "cart" {
		t.Errorf("labels %v", a.Labels)
	}
	w.eventually("the alert tells owner and exit", func() (bool, error) {
		as := w.alert("BackOff").Annotations
		return as["owner"] == "Deployment/"+w.ns+"/cart" && as["exit"] ==
			"container app: CrashLoopBackOff; last exit 137 (OOMKilled); 4 restarts; image lab.test/shop/fine/app:1", nil
	})
	w.must(w.client.AppsV1().Deployments(w.ns).Delete(w.ctx, "cart", metav1.DeleteOptions{}))
	w.eventually("the pod is gone", func() (bool, error) {
		_, err := w.client.CoreV1().Pods(w.ns).Get(w.ctx, pod.Name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
	w.becomes(n, "object gone")
	if n := w.metric(w.exporter, "kube_event_exporter_lookups_total", "outcome=forbidden"); n != 0 {
		t.Errorf("%v look-ups were forbidden with all rights that there are", n)
	}
}

// TestLookupsForbidden: without the rights the alert goes out all the same, and
// what is missing is said once.
func TestLookupsForbidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{exporter: lookups, kubeconfig: rights(t, "nolookups", "../../deploy/base/exporter-rbac.yaml")})
	w.ready()
	pod := w.crashed("cart")
	rec := w.recorder("kubelet")
	rec.Event(pod, corev1.EventTypeWarning, "BackOff", "Back-off restarting failed container")
	rec.Event(pod, corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed")
	for _, reason := range []string{"BackOff", "Unhealthy"} {
		w.push(w.ada, reason, "cart")
		a := w.alert(reason)
		if a.Labels["kind"] != "Pod" || a.Labels["name"] != "cart" {
			t.Errorf("labels %v", a.Labels)
		}
		if a.Annotations["owner"] != "" || a.Annotations["exit"] != "" {
			t.Errorf("annotations %v", a.Annotations)
		}
	}
	if n := w.metric(w.exporter, "kube_event_exporter_lookups_total", "outcome=forbidden"); n < 1 {
		t.Errorf("%v look-ups were forbidden", n)
	}
	if log := w.exporter.Logs(); strings.Count(log, "may not look up objects") != 1 {
		t.Errorf("what is forbidden is not said once:\n%s", w.exporter.Tail(30))
	}
}

// crashed makes a Deployment and returns its pod, of which it says in place of
// a kubelet that its container was killed for want of memory. No node has room
// for it, so no kubelet contradicts.
func (w *world) crashed(name string) *corev1.ObjectReference {
	w.t.Helper()
	w.must(cluster.WaitServiceAccount(w.ctx, w.ns))
	w.deploy(name, "lab.test/shop/fine/app:1", "1000")
	pods := w.client.CoreV1().Pods(w.ns)
	var ref *corev1.ObjectReference
	w.eventually("the pod has a status", func() (bool, error) {
		list, err := pods.List(w.ctx, metav1.ListOptions{LabelSelector: "app=" + name})
		if err != nil || len(list.Items) == 0 {
			return false, err
		}
		p := &list.Items[0]
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "app", Image: "lab.test/shop/fine/app:1", RestartCount: 4,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			LastTerminationState: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"},
			},
		}}
		ref = &corev1.ObjectReference{
			APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: p.UID, FieldPath: "spec.containers{app}",
		}
		_, err = pods.UpdateStatus(w.ctx, p, metav1.UpdateOptions{})
		return err == nil, err
	})
	return ref
}

// rights makes a service account that has what the manifests grant, and
// nothing else, and returns a kubeconfig with a token of it.
func rights(t *testing.T, namespace string, manifests ...string) string {
	t.Helper()
	client, err := cluster.Client()
	if err != nil {
		t.Fatal(err)
	}
	path, err := cluster.ServiceAccountKubeconfig(t.Context(), namespace, "kube-event-exporter")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range manifests {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for doc := range strings.SplitSeq(string(data), "\n---\n") {
			if err := grant(t, client, namespace, []byte(doc)); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
	return path
}

// grant makes a role or its binding for the service account in the namespace,
// under a name of its own: another test may have made them for the real one.
func grant(t *testing.T, client *kubernetes.Clientset, namespace string, doc []byte) error {
	var meta metav1.TypeMeta
	if err := yaml.Unmarshal(doc, &meta); err != nil {
		return err
	}
	var err error
	switch meta.Kind {
	case "ClusterRole":
		var role rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict(doc, &role); err != nil {
			return err
		}
		role.Name += "-" + namespace
		_, err = client.RbacV1().ClusterRoles().Create(t.Context(), &role, metav1.CreateOptions{})
	case "ClusterRoleBinding":
		var b rbacv1.ClusterRoleBinding
		if err := yaml.UnmarshalStrict(doc, &b); err != nil {
			return err
		}
		b.Name += "-" + namespace
		b.RoleRef.Name += "-" + namespace
		b.Subjects[0].Namespace = namespace
		_, err = client.RbacV1().ClusterRoleBindings().Create(t.Context(), &b, metav1.CreateOptions{})
	}
	return err
}
