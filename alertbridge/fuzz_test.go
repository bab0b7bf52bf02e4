package alertbridge

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzStateFile: whatever the file of alerts holds, a start goes well with it,
// and what is saved afterwards can be read again.
func FuzzStateFile(f *testing.F) {
	file := filepath.Join(f.TempDir(), "seed")
	b := withState(f, "http://127.0.0.1:1", file)
	b.Observe(highCPU())
	b.state.save()
	seed, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"version":1,"owner":"","episodes":[{}]}`))
	f.Add([]byte(`{"version":1,"episodes":[{"Count":-1,"Rule":"x"},null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "alerts")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b := withState(t, "http://127.0.0.1:1", file)
		b.Observe(highCPU())
		b.state.save()
		again := withState(t, "http://127.0.0.1:1", file)
		if len(again.tracker.Views()) == 0 {
			t.Error("the alert that there is was not saved")
		}
	})
}
