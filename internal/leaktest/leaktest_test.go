package leaktest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const leaving = "LEAKTEST_LEAVING" // what a child is to leave behind

// TestMain is, in a child, that of a package whose tests leave something.
func TestMain(m *testing.M) {
	switch os.Getenv(leaving) {
	case "one":
		go stay(make(chan struct{}))
		os.Exit(verify(m.Run(), 10*time.Millisecond, nil))
	case "one that may stay":
		go stay(make(chan struct{}))
		Main(m, "leaktest.stay")
	case "one that ends":
		done := make(chan struct{})
		go stay(done)
		time.AfterFunc(50*time.Millisecond, func() { close(done) })
		Main(m)
	default:
		Main(m)
	}
}

func stay(done chan struct{}) { <-done }

func TestMainFails(t *testing.T) {
	for what, bad := range map[string]bool{"one": true, "one that may stay": false, "one that ends": false} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), leaving+"="+what)
		out, err := cmd.CombinedOutput()
		if failed := err != nil; failed != bad || failed != strings.Contains(string(out), "leaktest.stay") {
			t.Errorf("%s: error %v, and it says:\n%s", what, err, out)
		}
	}
}

// What failed is told by its own status alone.
func TestFailureStays(t *testing.T) {
	if got := verify(3, 0, nil); got != 3 {
		t.Errorf("status %d", got)
	}
}
