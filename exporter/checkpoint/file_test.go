package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubebark/kubebark/exporter/count"
	"github.com/kubebark/kubebark/exporter/series"
)

var (
	someone = Owner{Cluster: "lab", Target: "pod1", Shard: "0/1"}
	since   = time.Unix(1_700_000_000, 0)

	forgotten = since.Add(time.Hour)
)

func batch(names ...count.State) *Batch {
	return &Batch{Streams: map[string]Stream{"": {Since: since, Forgotten: forgotten, Names: names}}}
}

func open(t *testing.T, path string) (*File, *State) {
	t.Helper()
	f, st, aside, err := Open(path, someone)
	if err != nil || aside != "" {
		t.Fatalf("Open: %v, aside %q", err, aside)
	}
	return f, st
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rewrite rewrites a file, in the place of which there is nothing else.
func rewrite(t *testing.T, f *File, b *Batch) {
	t.Helper()
	if aside, err := f.Rewrite(b); err != nil || aside != "" {
		t.Fatalf("rewrite: %v, aside %q", err, aside)
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, st := open(t, path)
	if st != nil || !f.Outgrown() {
		t.Fatalf("a file that is not there: %+v", st)
	}
	k := series.Key{Type: "Warning", Reason: "BackOff"}
	first := batch(count.State{Key: 1, Count: 5, Version: 10}, count.State{Key: 2, Count: 1})
	first.Series = []series.State{{Key: k, Value: 6, Created: since, Mature: true}}
	rewrite(t, f, first)
	must(t, f.Append(batch(count.State{Key: 1, Count: 7, Version: 12})))
	must(t, f.Served())
	must(t, f.Append(&Batch{Series: []series.State{{Key: k, Value: 8, Created: since, Mature: true}}}))
	must(t, f.Close())

	_, st = open(t, path)
	want := &State{
		Owner: someone,
		Streams: map[string]Stream{"": {Since: since, Forgotten: forgotten, Names: []count.State{
			{Key: 1, Count: 7, Version: 12}, {Key: 2, Count: 1},
		}}},
		Series: map[series.Key]series.State{k: {Key: k, Value: 8, Created: since, Mature: true, Served: 6}},
	}
	byKey := cmpopts.SortSlices(func(a, b count.State) bool { return a.Key < b.Key })
	if d := cmp.Diff(want, st, byKey); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestManyNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, _ := open(t, path)
	b := batch()
	const n = 3*chunk + 1
	for i := range uint64(n) {
		b.Streams[""] = Stream{Since: since, Names: append(b.Streams[""].Names, count.State{Key: i})}
	}
	rewrite(t, f, b)
	if _, st := open(t, path); len(st.Streams[""].Names) != n {
		t.Errorf("%d names, want %d", len(st.Streams[""].Names), n)
	}
}

// TestJournalOutgrows: however long it is written to, the file is asked to be
// rewritten before it is much larger than what it holds.
func TestJournalOutgrows(t *testing.T) {
	f, _ := open(t, filepath.Join(t.TempDir(), "state"))
	f.slack = 4096
	rewrite(t, f, batch())
	rewrites := 0
	for i := range 60 {
		if f.Outgrown() {
			rewrites++
			rewrite(t, f, batch(count.State{Key: 1, Count: int32(i)}))
		}
		must(t, f.Append(batch(count.State{Key: 1, Count: int32(i)})))
		if f.size > 16<<10 {
			t.Fatalf("%d bytes for one name", f.size)
		}
	}
	if rewrites == 0 || rewrites > 30 {
		t.Errorf("%d rewrites in 60 batches", rewrites)
	}
}

// TestUnknownFileIsKept: what cannot be read is not written over, be it there at
// the start or come later, as what a volume brings.
func TestUnknownFileIsKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	must(t, os.Mkdir(path, 0o700)) // a folder in its place
	f, st, aside, err := Open(path, someone)
	if f == nil || st != nil || aside == "" || err != nil {
		t.Errorf("file %v, state %v, aside %q, error %v", f, st, aside, err)
	}
	must(t, os.WriteFile(path, []byte("late"), 0o600))
	aside, err = f.Rewrite(batch())
	if err != nil || aside == "" {
		t.Fatalf("Rewrite: %v, aside %q", err, aside)
	}
	if kept, err := os.ReadFile(aside); err != nil || string(kept) != "late" {
		t.Errorf("set aside: %q, %v", kept, err)
	}
	rewrite(t, f, batch())
}

// TestNothingIsLeft: what a rewrite leaves that a crash broke off is gone after
// the next one.
func TestNothingIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	must(t, os.WriteFile(path+".new", []byte(strings.Repeat("half", 1000)), 0o600))
	f, _ := open(t, path)
	rewrite(t, f, batch(count.State{Key: 1, Count: 5}))
	if _, st := open(t, path); st == nil || len(st.Streams[""].Names) != 1 {
		t.Errorf("state %+v", st)
	}
	if left, err := filepath.Glob(path + "?*"); err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

// FuzzLoad: whatever a file holds, reading it neither panics nor takes much
// memory.
func FuzzLoad(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	file, _, _, err := Open(path, someone)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := file.Rewrite(batch(count.State{Key: 1, Count: 5})); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(magic + version))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if st, err := load(path); err == nil && st == nil {
			t.Error("neither a state nor an error")
		}
	})
}
