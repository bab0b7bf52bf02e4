package table

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// value is as large as what is kept of an Event's name.
type value [4]uint64

// BenchmarkMap holds the map against Go's, with as many entries as make the one
// or the other look well.
func BenchmarkMap(b *testing.B) {
	for _, n := range []int{60_000, 100_000, 500_000} {
		keys := make([]uint64, n)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range keys {
			keys[i] = rng.Uint64()
		}
		b.Run(fmt.Sprintf("go/%d", n), func(b *testing.B) {
			m := map[uint64]value{}
			benchSet(b, keys, func(k uint64, v value) { m[k] = v })
		})
		b.Run(fmt.Sprintf("table/%d", n), func(b *testing.B) {
			var m Map[value]
			benchSet(b, keys, m.Set)
		})
	}
}

func benchSet(b *testing.B, keys []uint64, set func(uint64, value)) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, k := range keys {
		set(k, value{k})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	i := 0
	for b.Loop() {
		set(keys[i%len(keys)], value{1})
		i++
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(keys)), "B/entry")
}
