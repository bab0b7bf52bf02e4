package table

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"testing"
)

// both does the same to a table and to a map and compares.
func both(t *testing.T, m *Map[value], want map[uint64]value, op byte, key uint64) {
	t.Helper()
	switch op % 3 {
	case 0, 1:
		v := value{uint64(len(want)) + 1, uint64(op)}
		m.Set(key, v)
		want[key] = v
	case 2:
		m.Delete(key)
		delete(want, key)
	}
	got, ok := m.Get(key)
	if v, has := want[key]; got != v || ok != has {
		t.Fatalf("key %x: %+v %v, want %+v %v", key, got, ok, v, has)
	}
}

func compare(t *testing.T, m *Map[value], want map[uint64]value) {
	t.Helper()
	if got := maps.Collect(m.All()); !maps.Equal(got, want) || m.Len() != len(want) {
		t.Fatalf("the table has %d entries and says %d, want %d", len(got), m.Len(), len(want))
	}
	for k, v := range want {
		if got, ok := m.Get(k); !ok || got != v {
			t.Fatalf("key %x: %+v %v, want %+v", k, got, ok, v)
		}
	}
}

func TestMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	m, want := new(Map[value]), map[uint64]value{}
	keys := []uint64{0}
	for i := range 50_000 {
		key := rng.Uint64()
		if i%2 == 0 {
			key = keys[rng.IntN(len(keys))]
		}
		keys = append(keys, key)
		both(t, m, want, byte(rng.IntN(256)), key)
	}
	compare(t, m, want)
	most := len(m.chunks)
	for k := range maps.Clone(want) {
		both(t, m, want, 2, k)
		if len(want) == 1000 {
			compare(t, m, want)
		}
	}
	compare(t, m, want)
	if len(m.chunks) > 2 || most < 10 {
		t.Errorf("empty, it keeps %d of %d chunks, want two at most", len(m.chunks), most)
	}
}

func TestSetWhileGoingThrough(t *testing.T) {
	var m Map[int]
	for k := range uint64(1000) {
		m.Set(k<<54, 1)
	}
	n := 0
	for k, v := range m.All() {
		m.Set(k, v+1)
		n += v
	}
	for k, v := range m.All() {
		if v != 2 {
			t.Fatalf("key %x is %d, want 2", k, v)
		}
	}
	if n != 1000 {
		t.Errorf("went through %d, want 1,000", n)
	}
}

func FuzzMap(f *testing.F) {
	// Three at home in the last slot of a part, so that they go round its end.
	f.Add([]byte{0, 255, 255, 0, 255, 254, 0, 255, 253, 2, 255, 255, 2, 255, 254})
	f.Add([]byte{0, 0, 0, 0, 0, 1, 2, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		m, want := new(Map[value]), map[uint64]value{}
		for ; len(ops) >= 3; ops = ops[3:] {
			// All in one part, at few homes and with few tags: that is where it is hard.
			key := uint64(binary.BigEndian.Uint16(ops[1:]))
			both(t, m, want, ops[0], key>>8<<50|key&3<<40|key>>2&7)
		}
		compare(t, m, want)
	})
}
