package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/test/fakeapi"
	"github.com/kubebark/kubebark/test/testbed"
)

// fakeCluster is an API server and the events in it.
type fakeCluster struct {
	*fakeapi.Server

	store *fakeapi.Store
}

func newFakeCluster(t *testing.T) *fakeCluster {
	t.Helper()
	store := fakeapi.NewStore(fakeapi.StoreOptions{})
	s, err := fakeapi.Serve(store, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &fakeCluster{s, store}
}

// exporterOf starts an exporter of a fake cluster and waits until it has listed.
func (w *world) exporterOf(c *fakeCluster, name, config string, args ...string) program {
	w.t.Helper()
	file := w.file(name+".yml", config)
	p := w.program("kube-event-exporter", append([]string{"--config.file=" + file, "--kube.server=" + c.URL()}, args...)...)
	p.command.Env = []string{"KUBECONFIG=", "HOME=" + w.dir}
	p = w.startAgain(p)
	w.isReady(p)
	return p
}

func (w *world) isReady(p program) {
	w.t.Helper()
	w.eventually("the exporter is ready", func() (bool, error) {
		code, _, err := testbed.Get(w.ctx, p.url+"/-/ready")
		return code == 200, err
	})
}

// aboutDB returns an event about a pod of the same name in each cluster.
func aboutDB(kind, reason string, count int32) *corev1.Event {
	now := metav1.Now()
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: "db-0." + strings.ToLower(reason)},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "db-0", UID: "1-2-3"},
		Type:           kind, Reason: reason, Message: "no such device", Count: count,
		FirstTimestamp: now, LastTimestamp: now, Source: corev1.EventSource{Component: "lab-operator", Host: "n1"},
	}
}

// TestClusters has two clusters, in which all is called the same, share an
// Alertmanager and a receiver: an alert, a group and a push of each, and the end
// of one leaves the other alone.
func TestClusters(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, dir: t.TempDir(), ns: "shop"}
	w.startPhones()
	w.startReceiver()
	w.startAlertmanager(setting{routes: "{receiver: oncall, group_by: [cluster, alertname, namespace, name]}"})
	clusters := map[string]*fakeCluster{}
	for _, name := range []string{"eu", "us"} {
		clusters[name] = newFakeCluster(t)
		w.exporterOf(clusters[name], name, fmt.Sprintf(`
external_labels: {cluster: %s}
alerting: {alertmanagers: [{url: %s}], resend_interval: 1s}
alerts: {rules: [{matchers: ['reason="MountLost"'], keep_firing_for: 1h, resolve_on: [MountBack]}]}
`, name, w.am))
	}
	for _, c := range clusters {
		_, err := c.store.Create(aboutDB("Warning", "MountLost", 1))
		w.must(err)
	}
	w.eventually("each phone has a push of each cluster", func() (bool, error) {
		return len(w.ada.State().Notifications) == 2, fmt.Errorf("it shows %+v", w.ada.State().Notifications)
	})
	ids := map[string]string{}
	for _, n := range w.ada.State().Notifications {
		ids[n.Group] = n.ID
	}
	if ids["eu/shop"] == "" || ids["us/shop"] == "" || ids["eu/shop"] == ids["us/shop"] {
		t.Fatalf("pushes %v", ids)
	}
	in := map[string]bool{}
	for _, a := range w.alerts("MountLost") {
		in[a.Labels["cluster"]] = true
	}
	if len(in) != 2 {
		t.Errorf("alerts of the clusters %v", in)
	}

	_, err := clusters["eu"].store.Create(aboutDB("Normal", "MountBack", 1))
	w.must(err)
	w.eventually("the one that is over says so", func() (bool, error) {
		n, ok := w.ada.State().Find(ids["eu/shop"])
		return ok && contains(n, []string{"MountBack"}), fmt.Errorf("it shows %+v", n)
	})
	if n, ok := w.ada.State().Find(ids["us/shop"]); !ok || n.Updates != 0 || contains(n, []string{"MountBack"}) {
		t.Errorf("the other cluster's push is %+v", n)
	}
	if as := w.alerts("MountLost"); len(as) != 1 || as[0].Labels["cluster"] != "us" {
		t.Errorf("what is left firing: %+v", as)
	}
}
