package lookup

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

func TestOwner(t *testing.T) {
	for _, tt := range []struct {
		name   string
		path   string // whose answer is
		body   string
		want   string
		failed bool
	}{
		{name: "chain", want: "Deployment cart"},
		{name: "nothing controls it", path: podPath, body: `{"metadata":{}}`, want: "Pod cart-1"},
		{name: "unknown kind", path: setPath, body: owned("argoproj.io/v1alpha1", "Rollout", "cart"), want: "Rollout cart"},
		{name: "known kind, other group", path: podPath, body: owned("apps.kruise.io/v1", "StatefulSet", "cart"), want: "StatefulSet cart"},
		{name: "node", path: podPath, body: owned("v1", "Node", "node-1"), want: "Node node-1"},
		{name: "custom resource above", path: deployPath, body: owned("shop.example/v1", "Shop", "main"), want: "Shop main"},
		{name: "circle", path: deployPath, body: owned("apps/v1", "ReplicaSet", "cart-7dc"), want: "Deployment cart"},
		{name: "half forbidden", path: setPath, body: "403", failed: true},
		{name: "fails", path: podPath, body: "500", failed: true},
		{name: "nonsense", path: podPath, body: "{", failed: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			if tt.path != "" {
				f.server.set(tt.path, tt.body)
			}
			owner, ok, err := f.Owner(t.Context(), thePod())
			if (err != nil) != tt.failed || ok == tt.failed {
				t.Fatalf("%v %t %v", owner, ok, err)
			}
			if got := strings.TrimSpace(owner.Kind + " " + owner.Name); got != tt.want {
				t.Errorf("owner %q, want %q", got, tt.want)
			}
			if tt.want == "Node node-1" && owner.Namespace != "" {
				t.Errorf("a node in namespace %s", owner.Namespace)
			}
		})
	}
}

func TestAnswersAreRemembered(t *testing.T) {
	f := newFixture(t)
	ghost := occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "ghost"}
	for range 3 {
		if _, ok, err := f.Owner(t.Context(), thePod()); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if _, ok, err := f.Owner(t.Context(), ghost); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	f.counted(t, found, 3)
	f.counted(t, gone, 1)
	f.counted(t, cached, 8)
	if n := f.server.count(); n != 4 {
		t.Errorf("%d requests", n)
	}
	// Whether it is there is asked anew, and remembered for the others.
	f.server.mu.Lock()
	delete(f.server.bodies, podPath)
	f.server.mu.Unlock()
	if ok, err := f.Exists(t.Context(), thePod()); ok || err != nil {
		t.Error(ok, err)
	}
	if _, ok, err := f.Owner(t.Context(), thePod()); ok || err != nil {
		t.Error(ok, err)
	}
	if ps, err := testutil.GatherAndLint(f.reg); err != nil || len(ps) > 0 {
		t.Errorf("metrics: %v %v", ps, err)
	}
}

func TestForbiddenIsSaidOnce(t *testing.T) {
	f := newFixture(t)
	other := thePod()
	other.Name = "cart-2"
	f.server.set(podPath, "403")
	f.server.set(strings.Replace(podPath, "cart-1", "cart-2", 1), "403")
	for range 3 {
		for _, o := range []occurrence.Object{thePod(), other} {
			if _, _, err := f.Owner(t.Context(), o); err == nil {
				t.Error("no error")
			}
			if _, err := f.Exists(t.Context(), o); err == nil {
				t.Error("no error")
			}
			if _, err := f.PodStatus(t.Context(), o); err == nil {
				t.Error("no error")
			}
		}
	}
	if n := f.server.count(); n != 1 {
		t.Errorf("%d requests though it is forbidden", n)
	}
	if n := strings.Count(f.log.String(), "may not look up"); n != 1 {
		t.Errorf("said %d times:\n%s", n, f.log)
	}
	f.counted(t, forbidden, 1)
}

// TestOneFlight: who asks for the same object at the same time shares one
// request.
func TestOneFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.server.block = make(chan struct{})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if ok, err := f.Exists(t.Context(), thePod()); !ok || err != nil {
					t.Error(ok, err)
				}
			})
		}
		synctest.Wait()
		close(f.server.block)
		wg.Wait()
		if n := f.server.count(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.server.block = make(chan struct{})
		begin := time.Now()
		if _, _, err := f.Owner(t.Context(), thePod()); err == nil || time.Since(begin) != defaultTimeout {
			t.Errorf("%v after %v of a server that hangs", err, time.Since(begin))
		}
		f.counted(t, failed, 1)

		f = newFixture(t, func(o *Options) { o.QPS, o.Burst = 0.001, 1 })
		if ok, err := f.Exists(t.Context(), thePod()); !ok || err != nil {
			t.Error(ok, err)
		}
		if _, err := f.Exists(t.Context(), thePod()); err == nil || f.server.count() != 1 {
			t.Errorf("%v after %d requests beyond the budget", err, f.server.count())
		}
	})
}

// TestForgets: an answer is asked for again after its time.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.server.set(podPath, "403")
		if _, _, err := f.Owner(t.Context(), thePod()); err == nil {
			t.Error("no error")
		}
		f.server.set(podPath, `{"metadata":{}}`) // the right was given
		time.Sleep(forbiddenFor)
		if owner, ok, err := f.Owner(t.Context(), thePod()); !ok || err != nil || owner != thePod() {
			t.Error(owner, ok, err)
		}
		f.server.set(podPath, owned("example/v1", "Widget", "w"))
		time.Sleep(foundFor)
		if owner, _, _ := f.Owner(t.Context(), thePod()); owner.Name != "w" {
			t.Error(owner)
		}
	})
}

// TestNotAsked has a row for each object that no request is made of.
func TestNotAsked(t *testing.T) {
	f := newFixture(t)
	for _, o := range []occurrence.Object{
		{},
		{Kind: "Pod", Name: "x"},
		{Kind: "Pod", Namespace: "shop"},
		{Kind: "Widget", Namespace: "shop", Name: "x"},
		{APIVersion: "metrics.k8s.io/v1", Kind: "Pod", Namespace: "shop", Name: "x"},
		{Kind: "Pod", Namespace: "shop", Name: "../../secrets/x"},
		{Kind: "Pod", Namespace: "..", Name: "x"},
		{Kind: "Pod", Namespace: "shop", Name: "x?watch=1"},
		{Kind: "Pod", Namespace: "shop", Name: "%2e%2e"},
	} {
		if ok, err := f.Exists(t.Context(), o); ok || err == nil {
			t.Errorf("%+v: %t %v", o, ok, err)
		}
	}
	if f.server.count() != 0 {
		t.Errorf("asked for %v", f.server.gets)
	}
}
