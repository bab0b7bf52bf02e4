package exporter

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/checkpoint"
	"github.com/kubebark/kubebark/exporter/series"
	"github.com/kubebark/kubebark/exporter/watch"
)

// life is one run of an exporter on a state file.
type life struct {
	t      *testing.T
	reg    *prometheus.Registry
	keeper *Keeper
	stream watch.Handler
	log    bytes.Buffer
}

func owner(target string) checkpoint.Owner {
	return checkpoint.Owner{Cluster: "lab", Target: target, Shard: "0/1"}
}

func begin(t *testing.T, path string, o checkpoint.Owner, labels ...series.Label) *life {
	t.Helper()
	l := &life{t: t, reg: prometheus.NewRegistry()}
	cfg := series.DefaultConfig()
	cfg.NewSeriesDelay, cfg.Labels = 0, labels
	st := series.New(cfg)
	l.reg.MustRegister(st)
	p := NewPipeline(l.reg, st)
	l.keeper = NewKeeper(KeeperOptions{Path: path, Owner: o, Pipeline: p, Series: st, Logger: log.NewLogfmtLogger(&l.log), Registerer: l.reg})
	l.watches("")
	return l
}

// watches has it watch another namespace than all; it is to be called before
// anything is seen.
func (l *life) watches(namespace string) *life {
	l.keeper.pipeline.streams = nil
	l.stream = l.keeper.pipeline.Stream(namespace, l.keeper.Remembered(namespace))
	return l
}

// list is a list of the events given as name=version=count.
func (l *life) list(events ...string) *life {
	l.stream.BeginList()
	for _, e := range events {
		l.see(watch.Listed, e)
	}
	l.stream.EndList()
	return l
}

func (l *life) see(k watch.Kind, e string) *life {
	l.t.Helper()
	var name string
	var version uint64
	var n int64
	if _, err := fmt.Sscanf(strings.ReplaceAll(e, "=", " "), "%s %d %d", &name, &version, &n); err != nil {
		l.t.Fatal(err)
	}
	l.stream.Event(k, event(name, version, n))
	return l
}

// shows checks what a scrape shows as the sum of all occurrences; -1 for no
// series at all.
func (l *life) shows(when string, want float64) *life {
	l.t.Helper()
	mfs, err := l.reg.Gather()
	if err != nil {
		l.t.Fatal(err)
	}
	got := -1.0
	for _, mf := range mfs {
		if mf.GetName() == "kube_event_occurrences_total" {
			got = 0
			for _, m := range mf.GetMetric() {
				got += m.GetCounter().GetValue()
			}
		}
	}
	if got != want {
		l.t.Errorf("%s: %v, want %v", when, got, want)
	}
	return l
}

func (l *life) flush() *life { l.keeper.flush(); return l }

// grown is a run that has shown 5 and counted 7 when it is killed.
func grown(t *testing.T, path, target string) {
	t.Helper()
	begin(t, path, owner(target)).
		list("old=1=3").shows("history is not counted", -1).
		see(watch.Added, "a=2=1").shows("not in the file yet", -1).flush().
		shows("first sample", 0).shows("delay over, but that is not durable", 0).
		see(watch.Modified, "a=3=5").flush().shows("durable", 5).
		see(watch.Modified, "a=4=7").shows("two more that are not durable", 5)
}

func TestKillLosesAndDoublesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	grown(t, path, "pod1")
	begin(t, path, owner("pod1")).
		shows("before the list is complete", -1).
		list("old=1=3", "a=5=9", "b=6=2").flush().
		shows("5 that were durable, 4 more of a, 2 of b", 11)
}

// TestKillAfterKill has the second run append to the file that it has rewritten
// at its start: names and values must stay of one moment.
func TestKillAfterKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	grown(t, path, "pod1")
	begin(t, path, owner("pod1")).
		list("old=1=3", "a=5=9").flush().
		see(watch.Modified, "a=6=12").see(watch.Modified, "old=7=4").shows("not durable", 9).flush().shows("durable", 13).
		see(watch.Modified, "a=8=13").flush().shows("one more", 14)
	begin(t, path, owner("pod1")).
		list("old=7=4", "a=8=13").flush().shows("nothing happened since", 14)
}

// TestKillAfterExpiry kills a run whose series has gone and come back, before
// it is in the file: what the file brings back must not look like a reset.
func TestKillAfterExpiry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, path, owner("pod1")).list().see(watch.Added, "a=2=1").flush().shows("zero", 0).shows("zero", 0).
			see(watch.Modified, "a=3=5").flush().shows("durable", 5)
		time.Sleep(25 * time.Hour)
		l.shows("expired", -1).see(watch.Modified, "a=4=6").shows("not a 0, which a crash would follow by 5", -1)
		begin(t, path, owner("pod1")).list("a=4=6").flush().shows("as if it had never gone", 6)
	})
}

// TestKillAndOtherLabels changes the choice of labels between two runs: the
// series of the old one stand still where they were, durably.
func TestKillAndOtherLabels(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	grown(t, path, "pod1")
	begin(t, path, owner("pod1"), series.LabelWorkload).
		list("old=1=3", "a=5=9").flush().
		shows("5 that were durable; the new series begins at 0", 5).shows("not yet durably more", 5).flush().
		shows("4 more of a", 9)
	begin(t, path, owner("pod1"), series.LabelHost, series.LabelWorkload).
		list("old=1=3", "a=6=10").flush().
		shows("no event has a host, so the series of the workload goes on", 10)
	begin(t, path, owner("pod1")).
		list("old=1=3", "a=7=12").flush().
		shows("the first series goes on", 12)
}

// TestOtherNamespaces watches others than the last run did: the counters go on,
// and what is listed of a namespace that was not watched is history as at a first
// start, not all of it news.
func TestOtherNamespaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	grown(t, path, "pod1")
	begin(t, path, owner("pod1")).watches("shop").
		shows("before the list is complete", -1).
		list("old=1=3", "a=5=9").flush().shows("what was counted and is safe", 5).
		see(watch.Modified, "a=6=10").flush().shows("one more", 6)
	begin(t, path, owner("pod1")).watches("shop").
		list("old=1=3", "a=7=12").flush().shows("two in the gap", 8)
}

func TestCompleteListIsWrittenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, path, owner("pod1"))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if err := l.keeper.Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		l.list("old=1=3")
		synctest.Wait() // no time passes
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
		cancel()
		synctest.Wait()
	})
}

func TestAnotherTargetBeginsAtWhatWasNotShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	grown(t, path, "pod1")
	begin(t, path, owner("pod2")).
		list("old=1=3", "a=5=9").flush().
		shows("its first sample is 0, as of any new series", 0).shows("not yet durably more", 0).flush().
		shows("5 were durable and shown by the other; 4 happened since", 4)
}

func TestForeignAndDamagedFilesAreSetAside(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(data []byte) []byte
		owner checkpoint.Owner
	}{
		{"another cluster", func(d []byte) []byte { return d }, checkpoint.Owner{Cluster: "other", Target: "pod1", Shard: "0/1"}},
		{"another shard", func(d []byte) []byte { return d }, checkpoint.Owner{Cluster: "lab", Target: "pod1", Shard: "1/2"}},
		{"a flipped bit", func(d []byte) []byte { d[len(d)/3] ^= 1; return d }, owner("pod1")},
		{"a later version", func(d []byte) []byte { return append([]byte("kubebark state 9\n"), d[17:]...) }, owner("pod1")},
		{"something else", func([]byte) []byte { return []byte("hello\n") }, owner("pod1")},
		{"empty", func([]byte) []byte { return nil }, owner("pod1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "state")
			grown(t, path, "pod1")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoiled := tt.spoil(data)
			if err := os.WriteFile(path, spoiled, 0o600); err != nil {
				t.Fatal(err)
			}
			begin(t, path, tt.owner).list("a=5=9").flush().shows("a cold start", -1)
			aside, err := filepath.Glob(path + ".2*")
			if err != nil || len(aside) != 1 {
				t.Fatalf("set aside: %q %v", aside, err)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != string(spoiled) {
				t.Error("what was set aside is not what was there")
			}
		})
	}
}

// TestTornEnd cuts the file at many lengths: a crash in the middle of a write
// must leave a state from which nothing that was shown is taken back.
func TestTornEnd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	l := begin(t, path, owner("pod1")).list("old=1=3").see(watch.Added, "a=2=1").flush().shows("zero", 0).shows("zero", 0).flush()
	whole, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	l.see(watch.Modified, "a=3=5").flush()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := whole.Size(); n <= int64(len(data)); n += 13 {
		cut := filepath.Join(dir, fmt.Sprint(n))
		if err := os.WriteFile(cut, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		begin(t, cut, owner("pod1")).list("old=1=3", "a=3=5").flush().shows(fmt.Sprintf("cut after %d of %d bytes", n, len(data)), 5)
	}
}

func TestDiskThatFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	l := begin(t, filepath.Join(dir, "state"), owner("pod1"))
	l.list().flush().see(watch.Added, "a=2=1").flush().shows("zero first", 0).shows("live values", 1).
		see(watch.Modified, "a=3=4").shows("live values", 4)
	if n := value(t, l.reg, "kube_event_exporter_state_write_failures_total"); n != 2 {
		t.Errorf("%v failures, want 2", n)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l.see(watch.Modified, "a=4=6").flush().shows("durable again", 6).
		see(watch.Modified, "a=5=9").shows("not yet durable", 6).flush().shows("durable", 9)
	for _, say := range []string{"the state file cannot be written", "the state file is written again"} {
		if n := strings.Count(l.log.String(), say); n != 1 {
			t.Errorf("%q said %d times, want once:\n%s", say, n, l.log.String())
		}
	}
	if n := value(t, l.reg, "kube_event_exporter_state_last_write_timestamp_seconds"); time.Since(time.Unix(int64(n), 0)) > time.Minute {
		t.Errorf("last write at %v", n)
	}
}

func value(t *testing.T, reg prometheus.Gatherer, name string) float64 {
	t.Helper()
	mfs, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, mf := range mfs {
		if mf.GetName() == name {
			return mf.GetMetric()[0].GetGauge().GetValue() + mf.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no %s", name)
	return 0
}
