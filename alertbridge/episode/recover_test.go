package episode

import (
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

func TestRecovery(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("FailedScheduling", cart1))
		time.Sleep(time.Minute)
		w.got()
		w.see(normal("Scheduled", cart2)) // another pod of the workload
		w.none("another object's recovery")
		w.see(normal("Scheduled", cart1))
		w.over(w.last(), time.Now(), "recovery: Scheduled")
	})
}

func TestAllObjectsMustRecover(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("FailedScheduling", cart1))
		w.see(warning("FailedScheduling", cart2))
		w.got()
		w.see(normal("Scheduled", cart1))
		w.none("one of two")
		w.see(warning("FailedScheduling", cart1)) // preempted, say
		w.see(normal("Scheduled", cart2))
		w.none("the first has trouble again")
		w.see(normal("Scheduled", cart1))
		a := w.last()
		w.over(a, time.Now(), "recovery: Scheduled")
		if a.Annotations["objects"] != "2" {
			t.Errorf("%s objects", a.Annotations["objects"])
		}
	})
}

func TestRecoveryMustBeNewer(t *testing.T) {
	inWorld(t, func(w *world) {
		old := normal("Scheduled", cart1)
		old.Version = 5
		o := warning("FailedScheduling", cart1)
		o.Version = 9
		w.see(o)
		w.got()
		w.see(old)
		w.none("a recovery from before the trouble")
		old.Version = 10
		w.see(old)
		w.over(w.last(), time.Now(), "recovery: Scheduled")
	})
}

func TestRecoveryOfTheSameContainer(t *testing.T) {
	inWorld(t, func(w *world) {
		failed := in("app", warning("Failed", cart1))
		failed.Message = "Error: ErrImagePull"
		side := in("sidecar", failed)
		w.see(failed)
		w.got()
		w.see(in("sidecar", normal("Pulled", cart1)))
		w.none("another container's recovery")
		w.see(side)
		w.see(in("app", normal("Pulled", cart1)))
		w.none("the other container still fails")
		w.see(in("sidecar", normal("Pulled", cart1)))
		w.over(w.last(), time.Now(), "recovery: Pulled")

		// The trouble of the whole pod ends by any container's start.
		w.see(warning("FailedMount", cart1))
		w.got()
		w.see(in("app", normal("Pulling", cart1)))
		w.over(w.last(), time.Now(), "recovery: Pulling")
	})
}

func TestObjectGone(t *testing.T) {
	deleted := func(kind, component, message string) occurrence.Occurrence {
		o := normal("SuccessfulDelete", "owner")
		o.Object.Kind, o.Component, o.Message = kind, component, message
		return o
	}
	for _, o := range []occurrence.Occurrence{
		deleted("ReplicaSet", "replicaset-controller", "Deleted pod: db-0"),
		deleted("StatefulSet", "statefulset-controller", "delete Pod db-0 in StatefulSet db successful"),
	} {
		inWorld(t, func(w *world) {
			w.see(warning("BackOff", "db-0"))
			time.Sleep(time.Minute)
			w.got()
			w.see(o)
			w.over(w.last(), time.Now(), "object gone")
		})
	}
}

func TestNodeRemoved(t *testing.T) {
	inWorld(t, func(w *world) {
		o := normal("NodeNotReady", "")
		o.Object = occurrence.Object{Kind: "Node", Name: "node-1", UID: "1-2-3"}
		w.see(o)
		time.Sleep(23 * time.Hour)
		if a := w.last(); a.Labels["node"] != "node-1" || a.Annotations["ended_by"] != "" {
			t.Errorf("%v %v", a.Labels, a.Annotations)
		}
		o = normal("RemovingNode", "")
		o.Object = occurrence.Object{Kind: "Node", Name: "node-1"} // reporters differ in the UID
		w.see(o)
		w.over(w.last(), time.Now(), "object gone")
	})
}

func TestUnseenDeletionDoesNotHoldUpTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		failed := func(pod string) occurrence.Occurrence {
			o := warning("Failed", pod)
			o.Message = "Error: ErrImagePull"
			return o
		}
		w.see(failed(cart1)) // deleted, but nobody says so
		for range 5 {
			time.Sleep(5 * time.Minute)
			w.see(failed(cart2))
		}
		time.Sleep(time.Minute)
		w.got()
		w.see(normal("Pulled", cart2))
		time.Sleep(2 * time.Minute)
		if a := w.last(); a.Annotations["ended_by"] == "" || a.EndsAt.After(time.Now()) {
			t.Errorf("ends %v by %q", a.EndsAt, a.Annotations["ended_by"])
		}
	})
}

func TestResolveAfter(t *testing.T) {
	of := func(o occurrence.Occurrence) occurrence.Occurrence {
		o.Object.Kind, o.Component = "ReplicaSet", "replicaset-controller"
		return o
	}
	inWorld(t, func(w *world) {
		w.see(of(warning("FailedCreate", "cart-7dc45b778d")))
		w.got()
		w.see(of(normal("SuccessfulCreate", "cart-7dc45b778d"))) // some, not all
		w.see(of(warning("FailedCreate", "cart-7dc45b778d")))
		time.Sleep(2 * time.Minute)
		for _, a := range w.got() {
			if a.Annotations["ended_by"] != "" {
				t.Error("ended though it goes on")
			}
		}
		at := time.Now()
		w.see(of(normal("SuccessfulCreate", "cart-7dc45b778d")))
		time.Sleep(50 * time.Second)
		for _, a := range w.got() {
			if a.Annotations["ended_by"] != "" {
				t.Error("ended before the minute is over")
			}
		}
		time.Sleep(11 * time.Second)
		w.over(w.last(), at, "recovery: SuccessfulCreate")
	})
}

func TestCrashLoopEndsByARestartThatLasts(t *testing.T) {
	inWorld(t, func(w *world) {
		quiet := func(what string) {
			t.Helper()
			for _, a := range w.got() {
				if a.Labels["reason"] == "BackOff" && a.Annotations["ended_by"] != "" {
					t.Errorf("%s: ended", what)
				}
			}
		}
		for range 5 { // waits of 5 minutes, runs of 9
			w.see(in("app", warning("BackOff", cart1)))
			time.Sleep(5 * time.Minute)
			w.see(in("app", normal("Started", cart1)))
			time.Sleep(9 * time.Minute)
		}
		quiet("a loop")
		for range 5 { // the same, BackOff held back by a failing probe
			w.see(in("app", normal("Started", cart1)))
			for range 3 {
				o := in("app", warning("Unhealthy", cart1))
				o.New = 30
				w.see(o)
				time.Sleep(5 * time.Minute)
			}
		}
		quiet("a starved loop")
		at := time.Now()
		w.see(in("app", normal("Started", cart1)))
		time.Sleep(11 * time.Minute)
		quiet("a restart that may last")
		time.Sleep(2 * time.Minute)
		for _, a := range w.got() {
			if a.Labels["reason"] == "BackOff" && a.Annotations["ended_by"] != "" {
				w.over(a, at, "recovery: Started")
				return
			}
		}
		t.Error("it does not end")
	})
}

func TestSameReasonOtherType(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("RELOAD", cart1))
		w.see(warning("RELOAD", cart1))
		for _, a := range w.got() {
			if a.Annotations["ended_by"] != "" {
				t.Error("a failure ended the alert")
			}
		}
		w.see(normal("RELOAD", cart1))
		w.over(w.last(), time.Now(), "recovery: RELOAD")
	})
}

func TestObjectsAreBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 3 * maxObjects {
			o := warning("FailedScheduling", "x")
			o.Object.Name = "cart-7dc45b778d-" + suffix(i)
			w.see(o)
		}
		time.Sleep(time.Minute)
		if a := w.last(); a.Annotations["objects"] != "1000+" || a.Annotations["count"] != "3000" {
			t.Errorf("%v", a.Annotations)
		}
		for i := range 3 * maxObjects {
			o := normal("Scheduled", "x")
			o.Object.Name = "cart-7dc45b778d-" + suffix(i)
			w.see(o)
		}
		if n := len(w.subjects.byHash); n > maxObjects {
			t.Errorf("%d objects are held", n)
		}
		for _, a := range w.got() {
			if a.Annotations["ended_by"] != "" {
				t.Error("recovered, though not all could be followed")
			}
		}
		time.Sleep(time.Hour)
		w.got()
		if len(w.subjects.byHash) != 0 || w.subjects.kept != 0 {
			t.Errorf("%d objects (%d) are held after the end", len(w.subjects.byHash), w.subjects.kept)
		}
	})
}

// suffix makes random ends of names.
func suffix(i int) string {
	const safe = "bcdfghjklmnpqrstvwxz2456789"
	b := []byte("22222")
	for k := range b {
		b[k] = safe[i%len(safe)]
		i /= len(safe)
	}
	return string(b)
}
