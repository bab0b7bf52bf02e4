package incident

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A Day is what a cluster of 200 workloads writes of events while nothing out
// of the ordinary happens: rollouts above all, probes that fail now and then,
// a few pods that crash-loop, are not scheduled or get no volume for a while.
type Day struct {
	Seed   uint64
	Length time.Duration
	Events int
}

// Write writes the day into dir.
func (d Day) Write(dir string) (r *Recording, err error) {
	w := &dayWriter{
		rng:   rand.New(rand.NewPCG(d.Seed, 1)), //nolint:gosec // the same day each time
		begin: time.Now().Add(-d.Length).Truncate(time.Second), length: d.Length,
	}
	for len(w.events) < d.Events {
		w.something()
	}
	slices.SortStableFunc(w.events, func(a, b *corev1.Event) int { return a.LastTimestamp.Compare(b.LastTimestamp.Time) })
	w.events = w.events[:d.Events]
	r = &Recording{File: filepath.Join(dir, "day.jsonl"), Events: d.Events, First: w.events[0].LastTimestamp.Time, Last: w.events[d.Events-1].LastTimestamp.Time}
	r.Begin, r.End = r.First, r.Last
	f, err := os.Create(r.File)
	if err != nil {
		return nil, fmt.Errorf("write a day: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriter(f)
	enc := json.NewEncoder(b)
	for i, e := range w.events {
		e.ResourceVersion = fmt.Sprint(i + 1)
		if e.Type == corev1.EventTypeWarning {
			r.Warnings++
		}
		if err := enc.Encode(e); err != nil {
			return nil, fmt.Errorf("write a day: %w", err)
		}
	}
	return r, b.Flush()
}

type dayWriter struct {
	rng    *rand.Rand
	begin  time.Time
	length time.Duration
	events []*corev1.Event
}

// trouble is a reason that is written again and again for a while.
type trouble struct {
	reason, component, message string
	often                      int // of a thousand things that happen
	every                      time.Duration
	least, most                int // how many times
	over                       string
}

func troubles() []trouble {
	return []trouble{
		{"Unhealthy", "kubelet", "Readiness probe failed: HTTP probe failed with statuscode: 503", 120, 10 * time.Second, 1, 3, ""},
		{"Unhealthy", "kubelet", "Liveness probe failed: context deadline exceeded", 10, 10 * time.Second, 1, 40, ""},
		{"BackOff", "kubelet", "Back-off restarting failed container app in pod", 4, 5 * time.Minute, 3, 30, ""},
		{"FailedScheduling", "default-scheduler", "0/12 nodes are available: 12 Insufficient cpu.", 12, 5 * time.Minute, 1, 4, "Scheduled"},
		{"FailedMount", "kubelet", "MountVolume.SetUp failed for volume \"config\" : configmap \"app\" not found", 8, 2 * time.Minute, 1, 6, "Started"},
		{"Failed", "kubelet", "Error: ImagePullBackOff", 3, 5 * time.Minute, 2, 12, "Started"},
	}
}

// something happens to a workload.
func (w *dayWriter) something() {
	at := w.begin.Add(time.Duration(w.rng.Int64N(int64(w.length))))
	n := w.rng.IntN(200)
	namespace, workload := fmt.Sprintf("team-%02d", n%20), fmt.Sprintf("app-%c%c", 'a'+n%26, 'a'+n/26)
	pod := fmt.Sprintf("%s-%s-%s", workload, w.word(10), w.word(5))
	dice := w.rng.IntN(1000)
	for _, t := range troubles() {
		if dice -= t.often; dice < 0 {
			at = w.repeat(at, namespace, pod, t)
			if t.over != "" {
				w.add(at.Add(t.every/2), namespace, pod, corev1.EventTypeNormal, t.over, t.component, "It is well again", 1)
			}
			return
		}
	}
	for i, reason := range []string{"Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing"} {
		w.add(at.Add(time.Duration(i)*time.Second), namespace, pod, corev1.EventTypeNormal, reason, "kubelet", reason+" "+pod, 1)
	}
}

func (w *dayWriter) repeat(at time.Time, namespace, pod string, t trouble) time.Time {
	first := len(w.events)
	for i := range t.least + w.rng.IntN(t.most-t.least+1) {
		w.add(at, namespace, pod, corev1.EventTypeWarning, t.reason, t.component, t.message, int32(i+1))
		// A repeat is the same object with a higher count.
		e := w.events[len(w.events)-1]
		e.Name, e.UID, e.FirstTimestamp = w.events[first].Name, w.events[first].UID, w.events[first].FirstTimestamp
		at = at.Add(t.every)
	}
	return at
}

func (w *dayWriter) add(at time.Time, namespace, pod, eventType, reason, component, message string, count int32) {
	when := metav1.NewTime(at.Truncate(time.Second))
	w.events = append(w.events, &corev1.Event{
		TypeMeta:       metav1.TypeMeta{Kind: "Event", APIVersion: "v1"},
		ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("%s.%x", pod, len(w.events)), Namespace: namespace, UID: types.UID(fmt.Sprintf("event-%x", len(w.events))), CreationTimestamp: when},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: pod, UID: types.UID(pod), FieldPath: "spec.containers{app}"},
		Type:           eventType, Reason: reason, Message: message, Source: corev1.EventSource{Component: component, Host: "node-" + pod[len(pod)-1:]},
		FirstTimestamp: when, LastTimestamp: when, Count: count,
	})
}

// word is made of the letters that Kubernetes' generated names have.
func (w *dayWriter) word(n int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[w.rng.IntN(len(letters))]
	}
	return string(b)
}
