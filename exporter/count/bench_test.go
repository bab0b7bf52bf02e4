package count

import (
	"fmt"
	"math/rand/v2"
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

// BenchmarkTable holds the table against Go's map, with as many entries as make
// the one or the other look well.
func BenchmarkTable(b *testing.B) {
	for _, n := range []int{60_000, 100_000, 500_000} {
		keys := make([]uint64, n)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range keys {
			keys[i] = rng.Uint64()
		}
		b.Run(fmt.Sprintf("map/%d", n), func(b *testing.B) {
			m := map[uint64]entry{}
			benchSet(b, keys, func(k uint64, e entry) { m[k] = e })
		})
		b.Run(fmt.Sprintf("table/%d", n), func(b *testing.B) {
			var t table
			benchSet(b, keys, t.set)
		})
	}
}

func benchSet(b *testing.B, keys []uint64, set func(uint64, entry)) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, k := range keys {
		set(k, entry{version: k})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	i := 0
	for b.Loop() {
		set(keys[i%len(keys)], entry{version: 1})
		i++
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(keys)), "B/name")
}
