package testbed

import (
	"context"
	"net"
	"testing"
)

// TestFree: a port is taken for as long as somebody listens on it, also where no
// connection is accepted.
func TestFree(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if free(port) {
		t.Error("a port that somebody listens on is free")
	}
	l.Close()
	if !free(port) {
		t.Error("a port that nobody listens on any more is not free")
	}
}
