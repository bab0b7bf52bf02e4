package demo

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/phone"
)

// TestReplay is the demo itself on the real programs, only faster: it has to
// reach the all-clear by itself and to leave nothing behind.
func TestReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the real programs for half a minute")
	}
	parts := cmp.Or(os.Getenv("KUBEBARK_BIN"), filepath.Join("..", "..", ".cache", "bin"))
	incident := filepath.Join("..", "incident", "incident.jsonl")
	o, err := parse([]string{
		"--bin=../../bin", "--parts=" + parts, "--incident=" + incident, "--speed=25", "--once", "--limit=4m",
	}, func(string) string { return "" }, io.Discard, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ports() {
		o.ports[p.part] = freePort(t)
	}
	var out screen
	d := newDemo(o, &out, nil)
	if err := d.programs(); err != nil {
		t.Skipf("not built: %v", err)
	}
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("%v; the terminal says:\n%s", err, out.String())
	}
	for _, part := range []string{"all clear: ", "push, Ada and Bo: ", "resolved, Ada and Bo: ", "in the cluster: "} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the terminal does not say %q:\n%s", part, out.String())
		}
	}
	if _, err := os.Stat(d.files.dir); err == nil {
		t.Errorf("%s is left behind", d.files.dir)
	}
	var first, last time.Time
	for _, device := range d.phone.Devices() {
		checkAllClear(t, device)
		for _, n := range device.State().Notifications {
			if first.IsZero() || n.First.Before(first) {
				first = n.First
			}
			if n.Time.After(last) {
				last = n.Time
			}
		}
	}
	t.Logf("first push after %s, the last after %s", first.Sub(d.tell.start).Round(time.Second), last.Sub(d.tell.start).Round(time.Second))
}

// checkAllClear sees that a phone has rung for each trouble and says that it
// is over.
func checkAllClear(t *testing.T, device *phone.Device) {
	t.Helper()
	s := device.State()
	if len(s.Notifications) == 0 || s.Sounds < len(s.Notifications) {
		t.Errorf("%s shows %d notifications but has rung %d times only", device.Name(), len(s.Notifications), s.Sounds)
	}
	for _, n := range s.Notifications {
		if n.Level != phone.Passive || n.Failed || n.Encrypted != (device.Name() == "Bo, shop team") {
			t.Errorf("%s shows %q: level %s, encrypted %v, failed %v", device.Name(), n.Title, n.Level, n.Encrypted, n.Failed)
		}
	}
}
