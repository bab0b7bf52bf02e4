package testbed_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestLine: a line carries what both ends say until it is frozen, cut or leads
// nowhere.
func TestLine(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	go func() {
		for {
			c, err := far.Accept()
			if err != nil {
				return // closed
			}
			go func() { _, _ = io.Copy(c, c) }() // until the line is cut
		}
	}()
	line, err := testbed.NewLine(0, far.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Close)
	dial := func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", line.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c, bufio.NewReader(c)
	}
	c, answers := dial()
	say := func(text string) {
		if _, err := io.WriteString(c, text+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(want string) {
		t.Helper()
		if got, err := answers.ReadString('\n'); err != nil || got != want+"\n" {
			t.Fatalf("heard %q, %v, want %q", got, err, want)
		}
	}
	say("one")
	hear("one")

	line.Slow(50*time.Millisecond, 50*time.Millisecond)
	begun := time.Now()
	say("two")
	hear("two")
	if d := time.Since(begun); d < 100*time.Millisecond {
		t.Errorf("it was there and back in %s", d)
	}
	line.Slow(0, 0)

	line.Freeze()
	say("three")
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if got, err := answers.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v over a frozen line", got, err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	line.Thaw()
	hear("three")

	line.Refuse(true)
	if got, err := answers.ReadString('\n'); err == nil {
		t.Errorf("heard %q over a line that leads nowhere", got)
	}
	c, answers = dial()
	if got, err := answers.ReadString('\n'); err == nil {
		t.Errorf("heard %q over a new one", got)
	}
	line.Refuse(false)
	c, answers = dial()
	say("four")
	hear("four")
}
