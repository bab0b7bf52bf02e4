package testbed_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubebark/kubebark/test/testbed"
)

// start starts a control plane and returns it with an administrator's client.
func start(ctx context.Context, t *testing.T, opts testbed.Options) (*testbed.ControlPlane, *kubernetes.Clientset) {
	t.Helper()
	cp, err := testbed.StartControlPlane(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	testbed.Attach(t, cp)
	client, err := cp.Client()
	if err != nil {
		t.Fatal(err)
	}
	return cp, client
}

func TestUsersRights(t *testing.T) {
	ctx := limited(t)
	cp, _ := start(ctx, t, testbed.Options{Users: map[string][]string{"dev": {"devs"}}})
	sa, err := cp.ServiceAccountKubeconfig(ctx, "monitoring", "exporter")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, kubeconfig string
		want             bool // may list events
	}{
		{"admin", cp.Kubeconfig(testbed.Admin), true},
		{"nobody", cp.Kubeconfig(testbed.Nobody), false},
		{"dev", cp.Kubeconfig("dev"), false},
		{"service account", sa, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := clientcmd.BuildConfigFromFlags("", tt.kubeconfig)
			if err != nil {
				t.Fatal(err)
			}
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.CoreV1().Events("").List(ctx, metav1.ListOptions{})
			if err != nil && !apierrors.IsForbidden(err) {
				t.Fatal(err)
			}
			if got := err == nil; got != tt.want {
				t.Errorf("may list events: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRestartsKeepData(t *testing.T) {
	ctx := limited(t)
	cp, client := start(ctx, t, testbed.Options{})
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := cp.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	cp.KillEtcd()
	if err := cp.StartEtcd(ctx); err != nil {
		t.Fatal(err)
	}
	if err := cp.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Get(ctx, "kept", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Major != "1" || version.Minor == "" || strings.HasPrefix(version.GitVersion, "v0.0.0") {
		t.Errorf("the server does not know its version: %+v", version)
	}
}

// TestNodeRunsPods sees the reasons of a Deployment whose image cannot be
// pulled and of one that runs, from all that takes part.
func TestNodeRunsPods(t *testing.T) {
	ctx := limited(t)
	cp, client := start(ctx, t, testbed.Options{ControllerManager: true, Scheduler: true})
	if _, err := cp.StartKubelet(ctx, "node-a"); err != nil {
		t.Fatal(err)
	}
	for name, image := range map[string]string{
		"web":    "registry.example/shop/web:1.0",
		"broken": "registry.example/unpullable/web:1.1",
		"crashy": "registry.example/crash/web:1.2",
		"greedy": "registry.example/oom/web:1.3",
		// A pod's name begins with its Deployment's.
		"no-sandbox": "registry.example/shop/web:1.0",
	} {
		deploy(ctx, t, client, name, image)
	}
	for _, want := range []string{
		"Node node-a Starting kubelet", "Node node-a NodeReady kubelet", "Node node-a RegisteredNode node-controller",
		"Deployment web ScalingReplicaSet deployment-controller", "ReplicaSet web SuccessfulCreate replicaset-controller",
		"Pod web Scheduled default-scheduler", "Pod web Pulling kubelet", "Pod web Pulled kubelet", "Pod web Created kubelet",
		"Pod web Started kubelet",
		"Pod broken Failed kubelet", "Pod broken BackOff kubelet",
		"Pod crashy BackOff kubelet", "Pod greedy BackOff kubelet", "Pod no-sandbox FailedCreatePodSandBox kubelet",
	} {
		waitEvent(ctx, t, client, want)
	}
	for _, bad := range []string{"MissingClusterDNS", "ImageGCFailed", "InvalidDiskCapacity", "FailedMount"} {
		if all := seen(ctx, t, client); slices.ContainsFunc(all, func(e string) bool { return field(e, 2) == bad }) {
			t.Errorf("there are %s events, which a healthy node has not:\n%v", bad, all)
		}
	}
}

func deploy(ctx context.Context, t *testing.T, client kubernetes.Interface, name, image string) {
	t.Helper()
	labels := map[string]string{"app": name}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
			},
		},
	}
	if _, err := client.AppsV1().Deployments("default").Create(ctx, d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// waitEvent waits for an event by kind, beginning of the name, reason and
// component of what it is about.
func waitEvent(ctx context.Context, t *testing.T, client kubernetes.Interface, want string) {
	t.Helper()
	err := testbed.Poll(ctx, "for "+want, func(ctx context.Context) (bool, error) {
		all := seen(ctx, t, client)
		return slices.Contains(all, want), fmt.Errorf("seen: %v", all)
	})
	if err != nil {
		t.Fatal(err)
	}
}
