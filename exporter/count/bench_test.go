package count

import (
	"fmt"
	"runtime"
	"testing"
)

// BenchmarkMemory tells what a name costs: the time to observe it and the
// bytes that it lives on.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{5_000, 50_000, 500_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("checkout-7d9c5b8f64-%05x.18eb%012x", i, i)
			}
			e := ev("7f3e1c9a-0000-4000-8000-000000000001", 1, 1, 1, 1)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			m := NewMemory(start)
			i := 0
			observe := func() {
				e.Name, e.Version = names[i%n], uint64(i+1)
				m.Observe(e, Seen, at(1))
				i++
			}
			for range n {
				observe()
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ResetTimer()
			for b.Loop() {
				observe()
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/name")
		})
	}
}
