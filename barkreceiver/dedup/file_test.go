package dedup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func record(t *testing.T, s *Store, device, id string, st State) {
	t.Helper()
	if err := s.Record(device, id, st); err != nil {
		t.Fatal(err)
	}
}

// reopen returns a store that has what the file has, as after a kill: nothing
// is closed before.
func reopen(t *testing.T, path string) *Store {
	t.Helper()
	s, _ := newStore(t, 1000)
	if err := s.Keep(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	st := State{Digest: "d"}
	synctest.Test(t, func(t *testing.T) {
		before := reopen(t, path)
		record(t, before, "phone", "id", st)
		record(t, before, "phone", "over", State{Digest: "c"})
		record(t, before, "phone", "over", State{Digest: "d", Over: true})
		time.Sleep(time.Minute)
		after := reopen(t, path)
		if !after.Has("phone", "id", st) || after.Has("other", "id", st) {
			t.Error("not the same after the restart")
		}
		if at, open := after.Open("phone", "id"); !open || time.Since(at) != time.Minute {
			t.Errorf("told at %s, open: %v", at, open)
		}
		if _, open := after.Open("phone", "over"); open {
			t.Error("what is over is still open after the restart")
		}
		time.Sleep(time.Hour)
		if reopen(t, path).Has("phone", "id", st) {
			t.Error("it is held back after the window")
		}
	})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v %v", files, err)
	}
}

// Wherever a kill cuts the file off, what was whole before is known.
func TestTornFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := reopen(t, path)
	ends := []int{0}
	for i := range 4 {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, len(text))
		record(t, s, "phone", fmt.Sprint(i), State{Digest: "d"})
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := ends[3] - 1 // where the second record ends
	for n := head; n <= len(text); n++ {
		torn := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(torn, text[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		after := reopen(t, torn)
		for i := range 4 {
			whole := n >= len(text)-1
			if i < 3 {
				whole = n >= ends[i+2]-1 // the line's end itself may be missing
			}
			if after.Has("phone", fmt.Sprint(i), State{Digest: "d"}) != whole {
				t.Fatalf("cut off after %d of %d bytes: record %d is known: %v", n, len(text), i, !whole)
			}
		}
	}
}

// The file does not grow with what is recorded, only with what there is.
func TestFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s, reg := newStore(t, 100)
	if err := s.Keep(path); err != nil {
		t.Fatal(err)
	}
	largest := int64(0)
	for i := range 10_000 {
		record(t, s, "phone", fmt.Sprint(i%150), State{Digest: "d"})
		if info, err := os.Stat(path); err != nil {
			t.Fatal(err)
		} else if info.Size() > largest {
			largest = info.Size()
		}
	}
	if most := int64(2*100*120 + slack + 200); largest > most {
		t.Errorf("it had %d bytes, want %d at most", largest, most)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after := reopen(t, path)
	for i := range 100 {
		if !after.Has("phone", fmt.Sprint((9999-i)%150), State{Digest: "d"}) {
			t.Errorf("the last but %d is not known", i)
		}
	}
	if n, err := testutil.GatherAndCount(reg, "alertmanager_bark_state_write_failures_total"); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestBadFile(t *testing.T) {
	for text, want := range map[string]string{
		"{":                           "no state file",
		`{"version":9}`:               "no state file of version 2",
		"receivers:\n- name: x":       "no state file",
		"{\"version\":2}\n}\n":        "1 lines are damaged",
		"{\"version\":2}\n}\n\x00\n{": "2 lines are damaged",
	} {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := newStore(t, 10)
		if err := s.Keep(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		// It is kept on with all the same, and what was there is not lost.
		record(t, s, "phone", "id", State{Digest: "d"})
		if !reopen(t, path).Has("phone", "id", State{Digest: "d"}) {
			t.Errorf("%q: nothing is kept after it", text)
		}
		if aside, err := os.ReadFile(path + ".unreadable"); strings.HasPrefix(want, "no state file") && (err != nil || string(aside) != text) {
			t.Errorf("%q: set aside is %q, %v", text, aside, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Where nothing can be written that is said and counted, and mended as soon as
// it can.
func TestUnwritable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	path := filepath.Join(dir, "state")
	s, _ := newStore(t, 10)
	if s.Keep(path) == nil || s.Record("phone", "id", State{Digest: "d"}) == nil || s.Sync() == nil {
		t.Error("written into no directory")
	}
	if !s.Has("phone", "id", State{Digest: "d"}) {
		t.Error("not known though recorded")
	}
	if n := testutil.ToFloat64(s.failures); n != 3 {
		t.Errorf("%v failures are counted", n)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	record(t, s, "phone", "other", State{Digest: "d"})
	if after := reopen(t, path); !after.Has("phone", "id", State{Digest: "d"}) || !after.Has("phone", "other", State{Digest: "d"}) {
		t.Error("what was recorded meanwhile is not in the file")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
