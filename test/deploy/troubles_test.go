package deploy

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// reason is of events that no built-in rule knows.
const reason = "LabTrouble"

// exit is what the exporter says of the status that each pod has.
const exit = "container app: CrashLoopBackOff; last exit 137 (OOMKilled); 4 restarts; image lab.test/app:1"

// trouble is an object that an event warns of.
type trouble struct {
	namespace, kind, name string
	owner                 string   // the annotation that a look-up brings; none where nothing owns it
	asked                 []string // the resources that are got for it
}

var troubles = []trouble{ //nolint:gochecknoglobals // a table of several functions
	{"shop", "Pod", "cart-7dc45b778d-x2x4q", "Deployment/shop/cart", []string{"pods", "replicasets", "deployments"}},
	{"shop", "Pod", "db-0", "StatefulSet/shop/db", []string{"pods", "statefulsets"}},
	{"shop", "Pod", "agent-vvz9q", "DaemonSet/shop/agent", []string{"pods", "daemonsets"}},
	{"search", "Pod", "report-29012345-x7k2p", "CronJob/search/report", []string{"pods", "jobs", "cronjobs"}},
	{"search", "Pod", "legacy-q2w4r", "ReplicationController/search/legacy", []string{"pods", "replicationcontrollers"}},
	{"shop", "PersistentVolumeClaim", "data-db-0", "", []string{"persistentvolumeclaims"}},
	{"", "Node", "node-1", "", []string{"nodes"}},
}

// object is how an alert names it.
func (tr trouble) object() string {
	return strings.ReplaceAll(tr.kind+"/"+tr.namespace+"/"+tr.name, "//", "/")
}

// asked tells whether any of the troubles needs a right.
func asked(r right) bool {
	return r.resource == "events" || slices.ContainsFunc(troubles, func(tr trouble) bool {
		return (r.namespace == "" || r.namespace == tr.namespace) && slices.Contains(tr.asked, r.resource)
	})
}

// tellable is what the alerts about the troubles in some namespaces tell with
// these rights.
func tellable(left []right, namespaces []string, diagnostics bool) map[string]string {
	may := func(tr trouble, resource string) bool {
		return slices.ContainsFunc(left, func(r right) bool {
			return r.resource == resource && r.verb == "get" && (r.namespace == "" || r.namespace == tr.namespace)
		})
	}
	want := map[string]string{}
	for _, tr := range troubles {
		if !slices.Contains(namespaces, tr.namespace) {
			continue
		}
		var told []string
		if tr.owner != "" && !slices.ContainsFunc(tr.asked, func(resource string) bool { return !may(tr, resource) }) {
			told = append(told, tr.owner)
		}
		if diagnostics && tr.kind == "Pod" && may(tr, "pods") {
			told = append(told, exit)
		}
		want[tr.object()] = strings.Join(told, " ")
	}
	return want
}

// newTroubles makes the objects, those that own them, and an event about each.
func newTroubles(t *testing.T) {
	t.Helper()
	client, err := cluster.Client()
	must(t, err)
	kubectl(t, "", "apply", "-f", "testdata/troubles.yaml")
	for _, tr := range troubles {
		if tr.kind == "Pod" {
			p, err := client.CoreV1().Pods(tr.namespace).Get(t.Context(), tr.name, metav1.GetOptions{})
			must(t, err)
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{
				Name: "app", Image: "lab.test/app:1", RestartCount: 4,
				State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}},
			}}
			_, err = client.CoreV1().Pods(tr.namespace).UpdateStatus(t.Context(), p, metav1.UpdateOptions{})
			must(t, err)
		}
		ns := tr.namespace
		if ns == "" {
			ns = "default" // where a kubelet writes the events about its node
		}
		now := metav1.NewTime(time.Now())
		_, err := client.CoreV1().Events(ns).Create(t.Context(), &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "trouble-"}, Type: corev1.EventTypeWarning, Reason: reason, Message: "it does not work",
			InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: tr.kind, Namespace: tr.namespace, Name: tr.name},
			Source:         corev1.EventSource{Component: "lab"}, FirstTimestamp: now, LastTimestamp: now, Count: 1,
		}, metav1.CreateOptions{})
		must(t, err)
	}
}
