package e2e

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// TestGenuineTroubles has Kubernetes's own controllers, scheduler and a kubelet
// write the events: nothing in them is made for the test.
func TestGenuineTroubles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{exporter: `
alerts: {builtin_rules: false}
`})
	w.ready()
	_, err := cluster.StartKubelet(w.ctx, "n1")
	w.must(err)
	w.must(cluster.WaitServiceAccount(w.ctx, w.ns))
	w.deploy("toobig", "lab.test/shop/fine/app:1", "1000")
	w.deploy("badimage", "lab.test/shop/unpullable/app:1", "10m")
	w.deploy("crashing", "lab.test/shop/crash/app:1", "10m")

	for _, want := range []struct{ reason, name, component string }{
		{"FailedScheduling", "toobig", "default-scheduler"},
		{"Failed", "badimage", "kubelet"},
		{"BackOff", "crashing", "kubelet"},
	} {
		w.eventually("an alert of "+want.reason+" about "+want.name, func() (bool, error) {
			return slices.ContainsFunc(w.alerts(want.reason), func(a alert) bool {
				return a.Labels["name"] == want.name && a.Labels["namespace"] == w.ns &&
					strings.HasPrefix(a.Annotations["object"], "Pod/"+w.ns+"/"+want.name+"-") &&
					a.Annotations["component"] == want.component
			}), nil
		})
		w.push(w.ada, want.reason, want.name)
		w.eventually(want.reason+" is counted", func() (bool, error) {
			return w.metric(w.exporter, "kube_event_occurrences_total", "reason="+want.reason, "namespace="+w.ns, "component="+want.component) >= 1, nil
		})
	}
	// Normal events are counted and alert nobody.
	w.counts("ScalingReplicaSet", 3)
	if as := w.alerts("ScalingReplicaSet"); len(as) > 0 {
		t.Errorf("a Normal event alerts: %+v", as)
	}
	w.sameAsStored()
}

// sameAsStored holds the counters against the counts of the objects that the
// API server has.
func (w *world) sameAsStored() {
	w.t.Helper()
	w.eventually("the counters are the sums of what is stored", func() (bool, error) {
		list, err := w.client.CoreV1().Events(w.ns).List(w.ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		want := make(map[string]float64)
		for _, e := range list.Items {
			n := max(1, e.Count)
			if e.Series != nil {
				n = max(n, e.Series.Count)
			}
			want[e.Reason] += float64(n)
		}
		for reason, n := range want {
			if w.metric(w.exporter, "kube_event_occurrences_total", "reason="+reason, "namespace="+w.ns) != n {
				return false, nil
			}
		}
		return len(want) > 5, nil
	})
}

// deploy makes a Deployment of one pod.
func (w *world) deploy(name, image, cpu string) {
	w.t.Helper()
	labels := map[string]string{"app": name}
	_, err := w.client.AppsV1().Deployments(w.ns).Create(w.ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](1),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "app", Image: image,
					Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}},
				}}},
			},
		},
	}, metav1.CreateOptions{})
	w.must(err)
}
