package receiver

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestSlowClient: who begins a request and does not go on is hung up on, and
// keeps nobody else from being served.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.start(onePhone)
	c, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	d.must(err)
	defer c.Close()
	_, err = io.WriteString(c, "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-")
	d.must(err)
	d.deliver(group("Meanwhile"))
	d.must(c.SetReadDeadline(time.Now().Add(90 * time.Second)))
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("it is still connected: %v", err)
	}
}
