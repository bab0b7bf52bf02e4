package httpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// raw sends bytes as they are and returns the status line of the answer.
func raw(t *testing.T, addr, request string) string {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, request) // it may be refused in the middle
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil && line == "" {
		return "closed"
	}
	return strings.TrimSpace(line)
}

// serve serves until the test ends and returns the address.
func serve(t *testing.T, o Options, handlers map[string]http.HandlerFunc) string {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for pattern, h := range handlers {
		s.Handle(pattern, h)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s.Addr().String()
}

// TestPathTricks: no way of writing a path leads around the one that is meant,
// and none to a file.
func TestPathTricks(t *testing.T) {
	o := options()
	o.Flags.Lifecycle = false
	addr := serve(t, o, map[string]http.HandlerFunc{"POST /webhook/{receiver...}": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q", r.PathValue("receiver"))
	}})
	for _, tt := range []struct{ request, want string }{
		{"GET /../../etc/passwd", "307"},
		{"GET /%2e%2e/%2e%2e/etc/passwd", "404"},
		{"GET /..%2f..%2fetc%2fpasswd", "404"},
		{"GET //etc/passwd", "307"},
		{"GET /-/healthy/../ready", "307"},
		{"GET /%00", "404"},
		{"GET /-/healthy%00", "404"},
		{"GET /\x00", "400"},
		{"GET /%zz", "400"},
		{"GET http://elsewhere.example/-/healthy", "200"}, // ours all the same: no proxy
		{"GET /-/healthy?x=%0d%0aSet-Cookie:%20a=b", "200"},
		{"CONNECT /-/healthy", "405"},
		{"TRACE /-/healthy", "405"},
		{"DELETE /metrics", "405"},
		{"PUT /", "405"},
		{"POST /-/ready", "405"},
		{"POST /-/reload", "403"},
		{"GET /debug/pprof/", "404"},
		{"POST /webhook/%2e%2e%2f%2e%2e", "200"}, // a name, and no more
	} {
		line := raw(t, addr, tt.request+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		if !strings.Contains(line, " "+tt.want+" ") {
			t.Errorf("%q: %s, want %s", tt.request, line, tt.want)
		}
	}
}

// TestBadRequests: what is no request is refused, and headers have a bound.
func TestBadRequests(t *testing.T) {
	addr := serve(t, options(), nil)
	for name, tt := range map[string]struct{ request, want string }{
		"no host":          {"GET /-/healthy HTTP/1.1\r\n\r\n", "400"},
		"two hosts":        {"GET /-/healthy HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		"a bad host":       {"GET /-/healthy HTTP/1.1\r\nHost: a b\r\n\r\n", "400"},
		"two lengths":      {"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"},
		"length and parts": {"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "400"},
		"unknown coding":   {"POST /-/reload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
		"huge headers":     {"GET /-/healthy HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 128<<10) + "\r\n\r\n", "431"},
		"many headers":     {"GET /-/healthy HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 64<<10) + "\r\n", "431"},
		"another protocol": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
		"binary":           {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", "400"},
	} {
		if line := raw(t, addr, tt.request); !strings.Contains(line, " "+tt.want+" ") && line != "closed" {
			t.Errorf("%s: %s, want %s", name, line, tt.want)
		}
	}
}

// TestNoHTTP2: HTTP/2, with its storms of resets, is not spoken without TLS, and
// is Go's own with it.
func TestNoHTTP2(t *testing.T) {
	srv := (&Server{logger: slog.New(slog.DiscardHandler)}).newHTTPServer()
	if p := srv.Protocols; p != nil && p.UnencryptedHTTP2() {
		t.Error("HTTP/2 without TLS")
	}
	if srv.TLSNextProto != nil || srv.TLSConfig != nil && srv.TLSConfig.MinVersion < tls.VersionTLS12 {
		t.Error("TLS is not Go's own")
	}
}

// slow is a connection on which a client writes a byte now and then, in a
// bubble where minutes cost nothing.
func slow(t *testing.T, public bool, first string, limit time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		body := make(chan error, 1)
		s := &Server{public: public, logger: slog.New(slog.DiscardHandler)}
		s.handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			body <- err
		})
		srv := s.newHTTPServer()
		l := &oneConn{c: make(chan net.Conn, 1), done: make(chan struct{})}
		l.c <- server
		go srv.Serve(l)                //nolint:errcheck // it ends with the test
		go io.Copy(io.Discard, client) //nolint:errcheck // likewise
		start := time.Now()
		_, err := io.WriteString(client, first)
		for err == nil && time.Since(start) < time.Hour {
			time.Sleep(5 * time.Second)
			_, err = io.WriteString(client, "x")
		}
		if d := time.Since(start); d > limit {
			t.Errorf("held for %s, want at most %s", d, limit)
		}
		client.Close()
		srv.Close()
		l.Close()
		synctest.Wait()
	})
}

type oneConn struct {
	c    chan net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.c:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// TestSlowClients: who writes a byte every five seconds is put out, in the headers
// and in the body.
func TestSlowClients(t *testing.T) {
	const headers, body = "GET / HTTP/1.1\r\nHost: a\r\nX: ", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
	t.Run("headers", func(t *testing.T) { slow(t, false, headers, 20*time.Second) })
	t.Run("body", func(t *testing.T) { slow(t, false, body, 40*time.Second) })
	t.Run("headers, in public", func(t *testing.T) { slow(t, true, headers, 20*time.Second) })
	t.Run("body, in public", func(t *testing.T) { slow(t, true, body, 30*time.Second) })
}

// TestIdleConnections: a thousand that say nothing keep nobody out, cost little,
// and leave nothing behind.
func TestIdleConnections(t *testing.T) {
	addr := serve(t, options(), nil)
	before := runtime.NumGoroutine()
	var all []net.Conn
	for range 1000 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if line := raw(t, addr, "GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.Contains(line, "200") {
		t.Errorf("behind a thousand: %s", line)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 64<<20 {
		t.Errorf("%d MiB on the heap", m.HeapAlloc>>20)
	}
	for _, c := range all {
		c.Close()
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); runtime.NumGoroutine() > before+5; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d goroutines, were %d", runtime.NumGoroutine(), before)
		}
	}
}

// TestCompressedBomb: what claims to be compressed is not unpacked.
func TestCompressedBomb(t *testing.T) {
	got := make(chan int, 1)
	addr := serve(t, options(), map[string]http.HandlerFunc{"POST /in": func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- len(b)
	}})
	body := bytes.Repeat([]byte{0x1f}, 100)
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		raw(t, addr, fmt.Sprintf("POST /in HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", coding, len(body), body))
		if n := <-got; n != len(body) {
			t.Errorf("%s: %d bytes came of %d", coding, n, len(body))
		}
	}
}
