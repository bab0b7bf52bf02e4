package lru

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func keys(m *Map[string, int]) (all string) {
	for k := range m.All() {
		all += k
	}
	return all
}

func TestOrder(t *testing.T) {
	m := New[string, int](3)
	for i, k := range []string{"a", "b", "c"} {
		if m.Set(k, i) {
			t.Errorf("%s took another's room", k)
		}
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "abc"},
		{func() { m.Get("a") }, "bca"},
		{func() { m.Peek("b") }, "bca"},
		{func() { m.Set("b", 7) }, "cab"},
		{func() { m.Get("none") }, "cab"},
		{func() {
			if !m.Set("d", 3) {
				t.Error("nothing went for d")
			}
		}, "abd"},
		{func() { m.Delete("b"); m.Delete("none") }, "ad"},
		{func() { m.Set("b", 1) }, "adb"},
	} {
		if step.do(); keys(m) != step.want || m.Len() != len(step.want) {
			t.Errorf("%d entries, %s, want %s", m.Len(), keys(m), step.want)
		}
	}
	if v, ok := m.Get("b"); v != 1 || !ok {
		t.Errorf("b is %d, %v", v, ok)
	}
	if v, ok := m.Peek("c"); v != 0 || ok {
		t.Errorf("c, which went, is %d, %v", v, ok)
	}
}

// It holds what a slice in the order of use holds, whatever is done.
func TestAgainstASlice(t *testing.T) {
	const limit = 8
	rng := rand.New(rand.NewPCG(1, 2))
	m, want, values := New[int, int](limit), []int{}, map[int]int{}
	use := func(k int) {
		want = append(slices.DeleteFunc(want, func(o int) bool { return o == k }), k)
	}
	for i := range 10_000 {
		k := rng.IntN(2 * limit)
		_, known := values[k]
		switch rng.IntN(4) {
		case 0, 1:
			full := len(want) == limit
			if evicted := m.Set(k, i); evicted != (full && !known) {
				t.Fatalf("step %d: full: %v, known: %v, but evicted: %v", i, full, known, evicted)
			}
			if use(k); len(want) > limit {
				delete(values, want[0])
				want = want[1:]
			}
			values[k] = i
		case 2:
			if v, ok := m.Get(k); ok != known || v != values[k] {
				t.Fatalf("step %d: %d is %d, %v; want %d, %v", i, k, v, ok, values[k], known)
			} else if ok {
				use(k)
			}
		case 3:
			m.Delete(k)
			want = slices.DeleteFunc(want, func(o int) bool { return o == k })
			delete(values, k)
		}
		got := []int{}
		for k := range m.All() {
			got = append(got, k)
		}
		if !slices.Equal(got, want) || !maps.Equal(maps.Collect(m.All()), values) {
			t.Fatalf("step %d: has %v, want %v", i, got, want)
		}
	}
}
