package clock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubebark/kubebark/internal/leaktest"
	"github.com/kubebark/kubebark/test/clock"
	"github.com/kubebark/kubebark/test/testbed"
)

// A test's program that tells the time until it is killed.
func TestMain(m *testing.M) {
	clock.Launch()
	if os.Getenv("TELL_THE_TIME") != "" {
		for started := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			fmt.Println(time.Now().UnixNano(), time.Since(started).Nanoseconds())
		}
	}
	leaktest.Main(m)
}

// TestClock: a program's wall clock steps ahead and back, and its timers go on.
func TestClock(t *testing.T) {
	dir := t.TempDir()
	c, err := clock.New(dir, "own")
	if errors.Is(err, clock.ErrUnsupported) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	command, err := c.Command(testbed.Command{Name: "teller", Path: program(t, dir), Dir: dir, Env: []string{"TELL_THE_TIME=1"}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := testbed.Run(command)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	log := filepath.Join(dir, "teller.log")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour, 0} {
		c.Step(ahead)
		stepped := time.Now()
		err := testbed.Poll(ctx, fmt.Sprintf("until the program is %s ahead", ahead), func(context.Context) (bool, error) {
			told, since, err := last(log)
			// It may have told before it was read.
			late := time.Until(told.Add(-ahead))
			return err == nil && late < 0 && told.Add(-ahead).After(stepped) && since > 0 && since < time.Hour, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !p.Running() {
		t.Error("the program has ended", p.Tail(5))
	}
}

// program returns this test's program, patched.
func program(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "teller")
	if err := os.WriteFile(path, data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := clock.Patch(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// last returns what the program told last: the time, and how long it has run.
func last(log string) (told time.Time, since time.Duration, err error) {
	f, err := os.Open(log)
	if err != nil {
		return told, 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var at, ran int64
		if n, _ := fmt.Sscan(lines.Text(), &at, &ran); n == 2 {
			told, since = time.Unix(0, at), time.Duration(ran)
		}
	}
	return told, since, nil
}

func TestPatchWantsGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := clock.Patch(path); err == nil {
		t.Error("a script is patched")
	}
}
