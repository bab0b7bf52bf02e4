package dedup

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzFile: whatever the state file holds, the store works, and what it is told
// then is there after the next start.
func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"version":2}` + "\n" + `{"device":"phone","id":"i","digest":"d","at":"2026-11-25T09:00:00Z","gap":900000000000,"heard":"AAAAAAAAAAAAAAAA"}` + "\n" + `{"device":"pho`))
	f.Add([]byte(`{"version":3}`))
	f.Add([]byte("\x00\xff\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := newStore(t, 100)
		_ = s.Keep(path) // says what is lost
		st := State{Digest: "new"}
		record(t, s, "phone", "another", st)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again, _ := newStore(t, 100)
		if err := again.Keep(path); err != nil {
			t.Errorf("what it wrote itself cannot be read: %v", err)
		}
		if !again.Has("phone", "another", st) {
			t.Error("it forgot")
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
