package truth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubebark/kubebark/test/testbed"
)

// realWorld is a world on a real control plane, its exporter not yet started.
func realWorld(t *testing.T, o testbed.Options) (*world, *testbed.ControlPlane) {
	t.Helper()
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, err := testbed.Binary("", name); err != nil {
			t.Skip(err)
		}
	}
	bin := binary(t)
	cp, err := testbed.StartControlPlane(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	testbed.Attach(t, cp)
	client := namespaces(t, cp)
	sd := *seed
	if sd == 0 {
		sd = uint64(rand.Uint32())
	}
	t.Logf("seed %d", sd)
	w := &world{
		schedule: &schedule{Seed: sd, Kind: kind{Name: "real", State: true, Lists: true}},
		opts:     options{Bin: bin, Ports: new(testbed.Ports), Dir: t.TempDir()}, ledger: newLedger(), rand: rand.New(rand.NewPCG(sd, 2)),
	}
	t.Cleanup(w.close)
	if w.exporter, err = newExporter(w.opts, w.opts.Dir, "metrics:\n  new_series_delay: 0s\n",
		"--kubeconfig="+cp.Kubeconfig(testbed.Admin), "--state.file="+stateFile(w.opts.Dir)); err != nil {
		t.Fatal(err)
	}
	w.exporters = []*exporter{w.exporter}
	w.scrapers = []*scraper{newScraper(w.exporter.url+"/metrics", 250*time.Millisecond, rand.New(rand.NewPCG(sd, 3)), w.ledger.scraped)}
	rc := realCluster{t.Context(), client}
	w.story = newStory(rc, w.ledger, plot{Pace: 10 * time.Millisecond}, w.rand)
	w.story.get = func(namespace, name string) (*corev1.Event, error) {
		return rc.again(func() (*corev1.Event, error) {
			return client.CoreV1().Events(namespace).Get(rc.ctx, name, metav1.GetOptions{})
		})
	}
	return w, cp
}

// onEach runs a test on each storage that an API server may have. They mostly
// wait, and so do it at once.
func onEach(t *testing.T, o testbed.Options, f func(*testing.T, testbed.Options)) {
	t.Parallel()
	t.Run("etcd", func(t *testing.T) {
		t.Parallel()
		f(t, o)
	})
	t.Run("kine", func(t *testing.T) {
		t.Parallel()
		o.Kine, o.EtcdArgs = true, []string{"-compact-min-retain=0"} // or else it keeps 1,000 versions
		f(t, o)
	})
}

// TestRealAPIServer holds the exporter against the truth on the real API
// server and its storage: while that is put back to a backup, and while all of
// them are killed in turn and the history is compacted every few seconds.
func TestRealAPIServer(t *testing.T) {
	onEach(t, testbed.Options{APIServerArgs: []string{"--etcd-compaction-interval=2s"}}, func(t *testing.T, o testbed.Options) {
		w, cp := realWorld(t, o)
		w.tell(t, func(ctx context.Context) {
			w.putBack(ctx, t, cp)
			w.playReal(ctx, t, cp)
		})
	})
}

// TestRealExpiry has the real API server's TTL take events of both kinds of
// recorders, which then count on under the same names. The exporter is killed
// while they are gone.
func TestRealExpiry(t *testing.T) {
	onEach(t, testbed.Options{EventTTL: 10 * time.Second}, testExpiry)
}

func testExpiry(t *testing.T, options testbed.Options) {
	w, cp := realWorld(t, options)
	client, err := cp.Client()
	if err != nil {
		t.Fatal(err)
	}
	o := object{"Pod", "shop", "mortal"} // which nothing was told of before
	backOff := happening{o, corev1.EventTypeWarning, "BackOff", "m"}
	unschedulable := happening{o, corev1.EventTypeWarning, "FailedScheduling", "m"}
	three := func() {
		t.Helper()
		for range 3 {
			if err := errors.Join(w.story.frequent.record(backOff, false), w.story.scheduler.tell(unschedulable)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.story.scheduler.flush(false); err != nil {
			t.Fatal(err)
		}
	}
	w.tell(t, func(ctx context.Context) {
		three()
		err := testbed.Poll(ctx, "until the events have expired", func(ctx context.Context) (bool, error) {
			l, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{})
			return err == nil && len(l.Items) == 0, err
		})
		if err == nil {
			err = w.exporter.stop(true)
		}
		if err == nil {
			err = w.exporter.start()
		}
		if err != nil {
			t.Fatal(err)
		}
		three()
		l, err := client.CoreV1().Events("shop").List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Items {
			if e.Count != 6 && (e.Series == nil || e.Series.Count != 6) {
				t.Errorf("%s came back as %d, %v; the recorder should have counted on", e.Name, e.Count, e.Series)
			}
		}
	})
}

// tell lets a story be told while the exporter is scraped, and judges.
func (w *world) tell(t *testing.T, happens func(context.Context)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	sc := w.scrapers[0]
	var wg sync.WaitGroup
	wg.Go(func() { sc.run(ctx) })
	defer wg.Wait()
	defer stop()
	if err := w.begin(ctx); err != nil {
		t.Fatal(err)
	}
	happens(ctx)
	if err := w.settle(ctx); err != nil {
		t.Fatalf("%v\n%s\n%s", err, w.ledger.judge(sc.totals(), false, false), w.exporter.tail(40))
	}
	v := w.ledger.judge(sc.totals(), false, false)
	own := sc.own()
	t.Logf("made %d, lost %d, double %d; %d starts, %s; recovered %.0f, inexact %.0f", v.Made, v.Lost, v.Double, w.exporter.starts,
		w.story.shelf.told, own["kube_event_exporter_recovered_occurrences_total"], own["kube_event_exporter_inexact_occurrences_total"])
	if !v.OK() {
		t.Errorf("%s\n%s", v, w.exporter.tail(60))
	}
}

// namespaces makes those of the story.
func namespaces(t *testing.T, cp *testbed.ControlPlane) kubernetes.Interface {
	t.Helper()
	client, err := cp.Client()
	if err != nil {
		t.Fatal(err)
	}
	for _, ns := range []string{"shop", "zoo", "zz-last"} {
		n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}
		if _, err := client.CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return client
}

// playReal lets things happen while each part is killed in turn, at times that
// are the seed's.
func (w *world) playReal(ctx context.Context, t *testing.T, cp *testbed.ControlPlane) {
	t.Helper()
	playing, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := w.story.play(playing); err != nil {
			t.Error(err)
		}
	})
	defer wg.Wait()
	defer cancel()
	r := rand.New(rand.NewPCG(w.schedule.Seed, 4))
	for _, step := range r.Perm(8) {
		pause(ctx, upTo(r, 3*time.Second))
		what, err := "", error(nil)
		switch step {
		case 0, 1:
			what = "kube-apiserver killed"
			cp.KillAPIServer()
			pause(ctx, upTo(r, time.Second))
			err = cp.StartAPIServer(ctx)
		case 2, 3:
			what = "the storage killed"
			cp.KillEtcd()
			pause(ctx, upTo(r, time.Second))
			err = cp.StartEtcd(ctx)
		case 4:
			what = "the storage killed, then the exporter"
			cp.KillEtcd()
			err = w.exporter.stop(true)
			if err == nil {
				err = cp.StartEtcd(ctx)
			}
		case 5, 6:
			what = "the exporter killed"
			err = w.exporter.stop(true)
			pause(ctx, upTo(r, 5*time.Second)) // past a compaction
		case 7:
			what = "the exporter ended"
			err = w.exporter.stop(false)
		}
		if err == nil {
			err = w.exporter.start()
		}
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", what, err))
		}
		t.Log(what)
	}
	pause(ctx, 2*time.Second)
}
