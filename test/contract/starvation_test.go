package contract

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// kubelet records events by client-go's own correlator, which holds back what
// the spam filter does not let through, and shows the writes to a tracker.
type kubelet struct {
	t          *testing.T
	correlator *record.EventCorrelator
	memory     *count.Memory
	tracker    *episode.Tracker
	version    int
	writes     map[string]int
	recorded   map[string]int
}

func (k *kubelet) record(reason, message string) {
	k.t.Helper()
	k.recorded[reason]++
	now := metav1.Now()
	ev := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: "db-0." + reason + strconv.Itoa(k.recorded[reason]), Namespace: "shop"},
		InvolvedObject: corev1.ObjectReference{
			Kind: "Pod", Namespace: "shop", Name: "db-0", UID: "1-2-3", APIVersion: "v1", FieldPath: "spec.containers{db}",
		},
		Reason: reason, Message: message, Type: corev1.EventTypeWarning, Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: "kubelet", Host: "node-1"},
	}
	r, err := k.correlator.EventCorrelate(ev)
	if err != nil {
		k.t.Fatal(err)
	}
	if r.Skip {
		return
	}
	k.version++
	k.writes[reason]++
	k.correlator.UpdateState(r.Event)
	w := r.Event.DeepCopy()
	w.ResourceVersion = strconv.Itoa(k.version)
	w.APIVersion, w.Kind = "v1", "Event"
	text, err := json.Marshal(w)
	if err != nil {
		k.t.Fatal(err)
	}
	e, _, err := decode.JSON(text)
	if err != nil {
		k.t.Fatal(err)
	}
	d := k.memory.Observe(e, count.Seen, time.Now())
	if d.New > 0 {
		k.tracker.Observe(&occurrence.Occurrence{Event: *e, New: d.New, At: time.Now(), Inexact: d.Inexact})
	}
}

// outbox keeps the alerts that were sent.
type outbox struct {
	mu sync.Mutex
	as []notify.Alert
}

func (o *outbox) send(as ...notify.Alert) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.as = append(o.as, as...)
}

func (o *outbox) take() []notify.Alert {
	o.mu.Lock()
	defer o.mu.Unlock()
	as := o.as
	o.as = nil
	return as
}

// lasting returns when the alert of each reason began, and fails if any ended
// or began anew.
func lasting(t *testing.T, as []notify.Alert) map[string]time.Time {
	t.Helper()
	began := map[string]time.Time{}
	for _, a := range as {
		reason := a.Labels["reason"]
		if by := a.Annotations["ended_by"]; by != "" {
			t.Errorf("%s: ended by %q at %v", reason, by, a.EndsAt)
		}
		if s, ok := began[reason]; ok && !s.Equal(a.StartsAt) {
			t.Errorf("%s: began anew at %v", reason, a.StartsAt)
		}
		began[reason] = a.StartsAt
	}
	return began
}

// A crash loop beside a failing probe: its events are held back for hours, for
// both share one bucket. Neither alert may end or begin anew for that.
func TestStarvedReasonKeepsItsAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules, err := rule.Compile(rule.DefaultConfig(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var out outbox
		tracker, err := episode.New(episode.Options{Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(), Send: out.send},
			episode.Settings{Rules: rules, MaxActive: 100, Resend: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- tracker.Run(ctx) }()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		}()

		k := &kubelet{
			t: t, correlator: record.NewEventCorrelator(clock.RealClock{}), memory: count.NewMemory(time.Now()), tracker: tracker,
			writes: map[string]int{}, recorded: map[string]int{},
		}
		const six = 6 * time.Hour / (10 * time.Second)
		for i := range int(six) {
			k.record("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 500")
			if i%6 == 0 {
				k.record("BackOff", "Back-off restarting failed container db in pod db-0_shop(1-2-3)")
			}
			time.Sleep(10 * time.Second)
		}
		if k.recorded["BackOff"] != 360 || k.writes["BackOff"] > 10 {
			t.Errorf("BackOff was recorded %d times and written %d times: no starvation", k.recorded["BackOff"], k.writes["BackOff"])
		}
		began := lasting(t, out.take())
		if len(began) != 2 {
			t.Errorf("alerts of %v", began)
		}
		time.Sleep(2 * time.Hour)
		ended := map[string]bool{}
		for _, a := range out.take() {
			if a.Annotations["ended_by"] != "" && !a.EndsAt.After(time.Now()) {
				ended[a.Labels["reason"]] = true
			}
		}
		if len(ended) != 2 {
			t.Errorf("2 hours after the last write only %v have ended", ended)
		}
	})
}
