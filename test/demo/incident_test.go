package demo

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadIncident(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("i.jsonl", `{"object":{"metadata":{"creationTimestamp":"2026-01-01T00:00:00Z"},"lastTimestamp":"2026-01-01T00:00:10Z"}}
not json
{"object":{"metadata":{"creationTimestamp":"2026-01-01T00:00:20Z"},"lastTimestamp":null,"eventTime":"2026-01-01T00:00:30.5Z"}}
{"object":{"lastTimestamp":null,"eventTime":"2026-01-01T00:00:11Z","series":{"lastObservedTime":"2026-01-01T00:01:10Z"}}}
`)
	got, err := readIncident(filepath.Join(dir, "i.jsonl"))
	if err != nil || got.length != time.Minute || got.marks != nil {
		t.Errorf("without marks: %+v, %v", got, err)
	}
	write("i.marks.txt", "# times\n\n2026-01-01T00:00:12Z a bad image\n2026-01-01T00:01:00Z end\n")
	got, err = readIncident(filepath.Join(dir, "i.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	want := []mark{{2 * time.Second, "a bad image"}, {50 * time.Second, "end"}}
	if diff := cmp.Diff(want, got.marks, cmp.AllowUnexported(mark{})); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	write("i.marks.txt", "soon it breaks\n")
	if _, err := readIncident(filepath.Join(dir, "i.jsonl")); err == nil {
		t.Error("a mark without a time was taken")
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 59*time.Second + 600*time.Millisecond: "1:00", 125 * time.Second: "2:05"} {
		if got := clock(d); got != want {
			t.Errorf("clock(%s) = %s, want %s", d, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]string{"a  b\nc": "a b…", "磁盘已满了": "磁盘已…", "abcd": "abcd"} {
		if got := short(in, 4); got != want {
			t.Errorf("short(%q) = %q, want %q", in, got, want)
		}
	}
}
