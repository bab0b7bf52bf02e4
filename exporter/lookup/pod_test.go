package lookup

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPodStatus(t *testing.T) {
	for _, tt := range []struct{ name, path, body, want string }{
		{
			"crash loop", "spec.containers{app}",
			`{"spec":{"nodeName":"node-1"},"status":{"phase":"Running","containerStatuses":[
				{"name":"side","image":"lab/side:1","restartCount":0,"state":{"running":{}}},
				{"name":"app","image":"lab/app:1","restartCount":4,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"long"}},
				 "lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}}`,
			"container app: CrashLoopBackOff; last exit 137 (OOMKilled); 4 restarts; node node-1; image lab/app:1",
		},
		{
			"the worst of them", "",
			`{"status":{"initContainerStatuses":[{"name":"init","image":"i","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}],
			 "containerStatuses":[
				{"name":"a","image":"a","restartCount":1,"state":{"running":{}},"lastState":{"terminated":{"exitCode":1,"reason":"Error"}}},
				{"name":"b","image":"b","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}}`,
			"container b: ImagePullBackOff; image b",
		},
		{
			"killed by a signal, once", "",
			`{"spec":{"nodeName":"n"},"status":{"containerStatuses":[{"name":"a","restartCount":1,"state":{"running":{}},
				"lastState":{"terminated":{"exitCode":0,"signal":9}}}]}}`,
			"container a; last exit 0 (signal 9); 1 restart; node n",
		},
		{
			"evicted", "", `{"spec":{"nodeName":"n"},"status":{"phase":"Failed","reason":"Evicted"}}`,
			"pod failed: Evicted; node n",
		},
		{
			"only being made", "", `{"spec":{"nodeName":"n"},"status":{"phase":"Pending","containerStatuses":[
				{"name":"a","image":"a","state":{"waiting":{"reason":"ContainerCreating"}}}]}}`, "",
		},
		{"not scheduled", "", `{"status":{"phase":"Pending"}}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.server.set(podPath, tt.body)
			o := thePod()
			o.FieldPath = tt.path
			got, err := f.PodStatus(t.Context(), o)
			if err != nil || got != tt.want {
				t.Errorf("%q, %v\nwant %q", got, err, tt.want)
			}
		})
	}
}

func TestPodStatusOfNone(t *testing.T) {
	f := newFixture(t)
	o := thePod()
	o.Name = "ghost"
	if s, err := f.PodStatus(t.Context(), o); s != "" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	f.server.set(podPath, "[")
	if _, err := f.PodStatus(t.Context(), thePod()); err == nil {
		t.Error("nonsense is taken")
	}
	o.Kind = "Node"
	if _, err := f.PodStatus(t.Context(), o); err == nil {
		t.Error("a node has no such status")
	}
}

const crashing = `{"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"cart-7dc","controller":true}]},
	"status":{"containerStatuses":[{"name":"app","state":{"waiting":{"reason":"CrashLoopBackOff"}}},
	{"name":"side","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}}`

// TestOneStatus: alerts that begin about one pod at once, and whoever asks to
// whom it belongs, cost one request, and each gets what it asked for. Later the
// status is asked for anew, the owner is not.
func TestOneStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.server.whole = true
		f.server.set(podPath, crashing)
		f.server.block = make(chan struct{})
		var wg sync.WaitGroup
		ask := func(container, want string) {
			o := thePod()
			o.FieldPath = "spec.containers{" + container + "}"
			if got, err := f.PodStatus(t.Context(), o); err != nil || got != want {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		}
		for range 3 {
			wg.Go(func() { ask("app", "container app: CrashLoopBackOff") })
			wg.Go(func() { ask("side", "container side: ImagePullBackOff") })
		}
		synctest.Wait()
		wg.Go(func() {
			if ok, err := f.Exists(t.Context(), thePod()); !ok || err != nil {
				t.Error(ok, err)
			}
		})
		synctest.Wait()
		close(f.server.block)
		wg.Wait()
		ask("app", "container app: CrashLoopBackOff")
		if n := f.server.count(); n != 1 {
			t.Errorf("%d requests", n)
		}
		if owner, ok, err := f.Owner(t.Context(), thePod()); !ok || err != nil || owner.Kind != "Deployment" {
			t.Error(owner, ok, err)
		}
		f.counted(t, found, 3) // the pod, and what it belongs to
		time.Sleep(statusFor)
		ask("app", "container app: CrashLoopBackOff")
		f.counted(t, found, 4)
	})
}

// TestStatusBesideMetadata: who wants the status is not content with the
// metadata that somebody else is asking for.
func TestStatusBesideMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.server.whole = true
		f.server.set(podPath, crashing)
		f.server.block = make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if ok, err := f.Exists(t.Context(), thePod()); !ok || err != nil {
				t.Error(ok, err)
			}
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				if s, err := f.PodStatus(t.Context(), thePod()); s != "container app: CrashLoopBackOff" || err != nil {
					t.Error(s, err)
				}
			})
		}
		synctest.Wait()
		close(f.server.block)
		wg.Wait()
		if n := f.server.count(); n != 2 {
			t.Errorf("%d requests", n)
		}
	})
}
