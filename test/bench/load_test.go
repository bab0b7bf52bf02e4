package main

import (
	"context"
	"testing"
	"time"
)

// TestLoad holds what the load says it made against what the store has.
func TestLoad(t *testing.T) {
	l := newLoad(100)
	if err := l.prefill(200); err != nil {
		t.Fatal(err)
	}
	if l.made != 0 || len(l.truth) != 0 {
		t.Errorf("history is %d occurrences in %d label sets, want it not to count", l.made, len(l.truth))
	}
	before := l.held
	if err := l.write(1000); err != nil {
		t.Fatal(err)
	}
	var sum, labelled int64
	for _, e := range l.live {
		stored, err := l.store.Get(e.Namespace, e.Name)
		if err != nil {
			t.Fatal(err)
		}
		sum += int64(stored.Count)
	}
	for _, n := range l.truth {
		labelled += n
	}
	if sum != l.held || l.held-before != l.made || labelled != l.made {
		t.Errorf("the store has %d of %d; %d more than before, %d made, %d by label set", sum, l.held, l.held-before, l.made, labelled)
	}
	if n := l.store.Len(); n < 400 || n > 600 {
		t.Errorf("%d events after 200 and 1000 writes, want about 500", n)
	}
}

func TestTicks(t *testing.T) {
	d, err := ticks("42 (a b) c) S 1 42 42 0 -1 4194560 1 0 0 0 150 30 0 0 20 0 9")
	if err != nil || d != 1800*time.Millisecond {
		t.Errorf("%s, %v", d, err)
	}
	if _, err := ticks("42 (a) S 1"); err == nil {
		t.Error("a short line was accepted")
	}
}

func TestKilobytes(t *testing.T) {
	const status = "VmPeak:\t  9 kB\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n"
	if n := kilobytes(status, "VmHWM:"); n != 2<<20 {
		t.Errorf("peak of %d", n)
	}
}

func TestPercentile(t *testing.T) {
	var ds []time.Duration
	for i := range 101 {
		ds = append(ds, time.Duration(100-i))
	}
	if p := percentile(ds, .99); p != 99 {
		t.Errorf("the 99th of 0 to 100 is %d", p)
	}
}

func TestUntilEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := until(ctx, time.Hour, func() (bool, error) { return false, nil }); err == nil {
		t.Error("it waits on")
	}
}
