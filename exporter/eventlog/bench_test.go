package eventlog

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

// BenchmarkObserve is what the watch pays for an occurrence that is logged, and
// BenchmarkWrite what the whole way to the file costs.
func BenchmarkObserve(b *testing.B) {
	l, o := bench(b), event("a", 1)
	for b.Loop() {
		l.Observe(o)
		for _, i := range l.queue.next(1) {
			l.lanes[0].ledger.begin([]entry{{size: sizeOf(&i.o.Event)}})
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	l, o := bench(b), event("a", 1)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	for b.Loop() {
		l.Observe(o)
		if l.lanes[0].ledger.len() >= DefaultConfig().QueueCapacity/2 {
			l.Settle()
		}
	}
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

func bench(b *testing.B) *Log {
	b.Helper()
	l, err := New(Options{
		Path: filepath.Join(b.TempDir(), "events.jsonl"), Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(),
		Settings: Settings{Config: DefaultConfig()},
	})
	if err != nil {
		b.Fatal(err)
	}
	return l
}
