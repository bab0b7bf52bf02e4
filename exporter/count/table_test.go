package count

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"testing"
)

// both does the same to a table and to a map and compares.
func both(t *testing.T, tb *table, m map[uint64]entry, op byte, key uint64) {
	t.Helper()
	switch op % 3 {
	case 0, 1:
		e := entry{version: uint64(len(m)) + 1, count: int32(op)}
		tb.set(key, e)
		m[max(key, 1)] = e
	case 2:
		tb.delete(key)
		delete(m, max(key, 1))
	}
	got, ok := tb.get(key)
	if want, has := m[max(key, 1)]; got != want && has || ok != has {
		t.Fatalf("key %x: %+v %v, want %+v %v", key, got, ok, want, has)
	}
}

func compare(t *testing.T, tb *table, m map[uint64]entry) {
	t.Helper()
	if got := maps.Collect(tb.all()); !maps.Equal(got, m) || tb.len() != len(m) {
		t.Fatalf("the table has %d entries and says %d, want %d", len(got), tb.len(), len(m))
	}
	for k, e := range m {
		if got, ok := tb.get(k); !ok || got != e {
			t.Fatalf("key %x: %+v %v, want %+v", k, got, ok, e)
		}
	}
}

func TestTableIsAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	tb, m := new(table), map[uint64]entry{}
	var keys []uint64
	for i := range 50_000 {
		key := rng.Uint64()
		if len(keys) > 0 && i%2 == 0 {
			key = keys[rng.IntN(len(keys))]
		}
		keys = append(keys, key)
		both(t, tb, m, byte(rng.IntN(256)), key)
	}
	compare(t, tb, m)
	for k := range maps.Clone(m) {
		both(t, tb, m, 2, k)
	}
	compare(t, tb, m)
}

func FuzzTable(f *testing.F) {
	// Three at home in the last slot of a part, so that they go round its end.
	f.Add([]byte{0, 255, 255, 0, 255, 254, 0, 255, 253, 2, 255, 255, 2, 255, 254})
	f.Add([]byte{0, 0, 0, 0, 0, 1, 2, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		tb, m := new(table), map[uint64]entry{}
		for ; len(ops) >= 3; ops = ops[3:] {
			// All in one part, at few homes: that is where it is hard.
			key := uint64(binary.BigEndian.Uint16(ops[1:]))
			both(t, tb, m, ops[0], key>>8<<50|key&0xff)
		}
		compare(t, tb, m)
	})
}
