package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubebark/kubebark/test/fakeapi"
)

// load plays the recorders of a cluster: it writes Events on pods and knows
// how many occurrences it has made.
type load struct {
	store *fakeapi.Store
	pods  int
	rng   *rand.Rand
	live  []*corev1.Event

	held  int64            // sum of the counts of all events
	made  int64            // occurrences since the start of counting
	truth map[string]int64 // the same by label set
}

const namespaces = 50

// kinds are what happens to pods, more often the ordinary things than trouble.
var kinds = [...]struct{ kind, reason, component, message string }{
	{corev1.EventTypeNormal, "Scheduled", "default-scheduler", "Successfully assigned %s/%s to node-17.example.internal"},
	{corev1.EventTypeNormal, "Pulling", "kubelet", `Pulling image "registry.example.com/%s/%s:v1.42.0"`},
	{corev1.EventTypeNormal, "Pulled", "kubelet", `Container image "registry.example.com/%s/%s:v1.42.0" already present on machine and can be accessed by the pod`},
	{corev1.EventTypeNormal, "Created", "kubelet", "Container created: app of %s/%s"},
	{corev1.EventTypeNormal, "Started", "kubelet", "Container started: app of %s/%s"},
	{corev1.EventTypeNormal, "Killing", "kubelet", "Stopping container app of %s/%s"},
	{corev1.EventTypeNormal, "SandboxChanged", "kubelet", "Pod sandbox of %s/%s changed, it will be killed and re-created."},
	{corev1.EventTypeNormal, "SuccessfulCreate", "replicaset-controller", "Created pod: %s/%s"},
	{corev1.EventTypeWarning, "BackOff", "kubelet", "Back-off restarting failed container app in pod %s/%s"},
	{corev1.EventTypeWarning, "Unhealthy", "kubelet", "Readiness probe of %s/%s failed: HTTP probe failed with statuscode: 503"},
}

func newLoad(pods int) *load {
	return &load{
		store: fakeapi.NewStore(fakeapi.StoreOptions{History: 2_000_000}), pods: pods,
		rng: rand.New(rand.NewPCG(1, 2)), truth: make(map[string]int64), //nolint:gosec // the same load each time
	}
}

// managed is what the API server notes of a writer of an event.
const managed = `{"f:count":{},"f:firstTimestamp":{},"f:involvedObject":{},"f:lastTimestamp":{},"f:message":{},` +
	`"f:reason":{},"f:reportingComponent":{},"f:reportingInstance":{},"f:source":{"f:component":{},"f:host":{}},"f:type":{}}`

// add writes an event that was not there.
func (l *load) add(count int32) error {
	pod, k := l.rng.IntN(l.pods), kinds[l.rng.IntN(len(kinds))]
	ns := fmt.Sprintf("team-%02d", pod%namespaces)
	name := fmt.Sprintf("checkout-7d9c5b8f64-%05x", pod)
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	e, err := l.store.Create(&corev1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: ns, Name: fmt.Sprintf("%s.%016x", name, 0x18eb000000000000+len(l.live)),
			ManagedFields: []metav1.ManagedFieldsEntry{{
				Manager: k.component, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &now,
				FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(managed),
			}},
		},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "Pod", Namespace: ns, Name: name, ResourceVersion: "1044",
			UID: types.UID(fmt.Sprintf("7f3e1c9a-0000-4000-8000-%012x", pod)), FieldPath: "spec.containers{app}",
		},
		Type: k.kind, Reason: k.reason, Message: fmt.Sprintf(k.message, ns, name),
		Source:              corev1.EventSource{Component: k.component, Host: "node-17"},
		ReportingController: k.component, ReportingInstance: "node-17",
		Count: count, FirstTimestamp: now, LastTimestamp: now,
	})
	if err != nil {
		return err
	}
	l.live = append(l.live, e)
	l.note(e, int64(count))
	return nil
}

// repeat raises the count of an event, as recorders do that held some back.
func (l *load) repeat() error {
	i := l.rng.IntN(len(l.live))
	e := *l.live[i] // the store copies what it keeps
	more := 1 + l.rng.Int32N(3)
	e.Count += more
	e.LastTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
	stored, err := l.store.Update(&e)
	if err != nil {
		return err
	}
	l.live[i] = stored
	l.note(stored, int64(more))
	return nil
}

func (l *load) note(e *corev1.Event, n int64) {
	l.held += n
	l.made += n
	l.truth[fmt.Sprintf("component=%q,kind=%q,namespace=%q,reason=%q,type=%q",
		e.Source.Component, e.InvolvedObject.Kind, e.InvolvedObject.Namespace, e.Reason, e.Type)] += n
}

// prefill writes events that are history to whoever comes then.
func (l *load) prefill(n int) error {
	for range n {
		if err := l.add(1 + l.rng.Int32N(20)); err != nil {
			return err
		}
	}
	l.made = 0
	clear(l.truth)
	return nil
}

// write writes so many times, seven of ten times a repeat.
func (l *load) write(n int) error {
	for range n {
		write := func() error { return l.add(1) }
		if len(l.live) > 0 && l.rng.IntN(10) < 7 {
			write = l.repeat
		}
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}
