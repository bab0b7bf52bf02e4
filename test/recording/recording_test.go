package recording

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRead: an event's time is that of its latest occurrence, whichever field
// its recorder writes.
func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "i.jsonl")
	if err := os.WriteFile(path, []byte(`{"type":"ADDED","object":{"type":"Warning","metadata":{"creationTimestamp":"2026-01-01T00:00:00Z"},"lastTimestamp":"2026-01-01T00:00:10Z"}}
not json
{"type":"MODIFIED","object":{"metadata":{"creationTimestamp":"2026-01-01T00:00:20Z"},"lastTimestamp":null,"eventTime":"2026-01-01T00:00:30.5Z"}}
{"object":{"lastTimestamp":null,"eventTime":"2026-01-01T00:00:11Z","series":{"lastObservedTime":"2026-01-01T00:01:10Z"}}}
{"type":"DELETED","object":{"metadata":{"creationTimestamp":"2026-01-01T00:00:20Z"}}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, broken, err := Read(path)
	if err != nil || broken != 1 {
		t.Fatalf("%d broken lines, %v", broken, err)
	}
	at := func(d time.Duration) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(d) }
	want := []Event{
		{"ADDED", "Warning", at(10 * time.Second)},
		{"MODIFIED", "", at(30500 * time.Millisecond)},
		{"", "", at(70 * time.Second)},
		{"DELETED", "", at(20 * time.Second)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if first, last := Span(got); !first.Equal(at(10*time.Second)) || !last.Equal(at(70*time.Second)) {
		t.Errorf("from %s to %s", first, last)
	}
}
