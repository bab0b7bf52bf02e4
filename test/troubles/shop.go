package troubles

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubebark/kubebark/test/testbed"
)

// container is the name of each workload's one container.
const container = "main"

// A workload is a Deployment as the script needs it.
type workload struct {
	name, image string
	replicas    int32
	surge       int32 // pods that a rollout may have beside the old ones; 0: a quarter replaces a quarter
	probed      bool  // has a readiness probe that asks the stage
}

func (st *stage) makeNamespace(ctx context.Context) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: st.Namespace}}
	if _, err := st.client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make namespace %s: %w", st.Namespace, err)
	}
	// A Deployment that comes before it would warn of FailedCreate.
	return st.settle(ctx, "for the namespace's service account", func(ctx context.Context) (bool, error) {
		_, err := st.client.CoreV1().ServiceAccounts(st.Namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, err
	})
}

func (st *stage) deploy(ctx context.Context, w workload) error {
	labels := map[string]string{"app.kubernetes.io/name": w.name}
	c := corev1.Container{
		Name: container, Image: w.image,
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}},
	}
	if w.probed {
		c.ReadinessProbe = &corev1.Probe{
			ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(st.health.port)}},
			PeriodSeconds:    5,
			FailureThreshold: 1,
		}
	}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: w.name, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &w.replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{c}},
			},
		},
	}
	if w.surge > 0 {
		surge, none := intstr.FromInt32(w.surge), intstr.FromInt32(0)
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &none}
	}
	if _, err := st.client.AppsV1().Deployments(st.Namespace).Create(ctx, d, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create deployment %s: %w", w.name, err)
	}
	return nil
}

func (st *stage) setImage(ctx context.Context, name, image string) error {
	return st.patch(ctx, name, corev1.Container{Name: container, Image: image})
}

func (st *stage) setCPU(ctx context.Context, name, cpu string) error {
	requests := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
	return st.patch(ctx, name, corev1.Container{Name: container, Resources: corev1.ResourceRequirements{Requests: requests}})
}

// patch changes those fields of a Deployment's container that c has, which
// begins a rollout.
func (st *stage) patch(ctx context.Context, name string, c corev1.Container) error {
	type object = map[string]any
	body, err := json.Marshal(object{"spec": object{"template": object{"spec": object{"containers": []corev1.Container{c}}}}})
	if err != nil {
		return fmt.Errorf("change deployment %s: %w", name, err)
	}
	_, err = st.client.AppsV1().Deployments(st.Namespace).Patch(ctx, name, types.StrategicMergePatchType, body, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("change deployment %s: %w", name, err)
	}
	return nil
}

// mended waits until the Deployments are as they should be, and then a little.
func (st *stage) mended(ctx context.Context, names ...string) error {
	for _, name := range names {
		err := st.settle(ctx, "for deployment "+name, func(ctx context.Context) (bool, error) {
			d, err := st.client.AppsV1().Deployments(st.Namespace).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			s, want := d.Status, *d.Spec.Replicas
			done := s.ObservedGeneration == d.Generation && s.Replicas == want && s.UpdatedReplicas == want && s.AvailableReplicas == want
			return done, fmt.Errorf("%d of %d pods available, %d up to date, %d in all", s.AvailableReplicas, want, s.UpdatedReplicas, s.Replicas)
		})
		if err != nil {
			return err
		}
	}
	return pause(ctx, st.Rest)
}

func (st *stage) settle(ctx context.Context, what string, ok func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, st.limit)
	defer cancel()
	return testbed.Poll(ctx, what, ok)
}
