package fakeapi

import (
	"errors"
	"net"
	"sync"
	"time"
)

var (
	errLostPrevious = errors.New(`etcd event received with PrevKv=nil (key="/registry/events/default/x", modRevision=1, type=PUT)`)
	errCut          = errors.New("connection cut")
)

// listener hands out connections that can be made to fail.
type listener struct {
	net.Listener
	s *Server
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, s: l.s, budget: -1, gone: make(chan struct{})}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.s.conns[c] = struct{}{}
	return c, nil
}

// conn is a connection that can be cut at any byte, be frozen and be slow.
type conn struct {
	net.Conn
	s    *Server
	once sync.Once
	gone chan struct{} // closed when it is

	mu     sync.Mutex
	budget int // bytes until it breaks; -1 for never
}

// cut lets the connection break after so many more bytes.
func (c *conn) cut(after int) {
	c.mu.Lock()
	c.budget = after
	c.mu.Unlock()
	if after == 0 {
		go c.Close() // whoever cuts holds what Close needs
	}
}

// Write implements [net.Conn].
func (c *conn) Write(b []byte) (int, error) {
	written := 0
	for len(b) > 0 {
		part := b
		thawed, rate := c.s.faults.pace()
		if rate > 0 {
			part = b[:min(len(b), max(1, rate/20))]
		}
		if err := c.pause(thawed, len(part), rate); err != nil {
			return written, err
		}
		n, err := c.write(part)
		written += n
		if err != nil {
			return written, err
		}
		b = b[n:]
	}
	return written, nil
}

// pause waits as long as the server is frozen and bytes take.
func (c *conn) pause(thawed <-chan struct{}, n, rate int) error {
	select {
	case <-thawed:
	case <-c.gone:
		return errCut
	}
	if rate == 0 {
		return nil
	}
	t := time.NewTimer(wait(n, rate))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.gone:
		return errCut
	}
}

// write writes as much as the budget allows.
func (c *conn) write(b []byte) (int, error) {
	c.mu.Lock()
	n := len(b)
	last := c.budget >= 0 && n >= c.budget
	if last {
		n = c.budget
	}
	if c.budget > 0 {
		c.budget -= n
	}
	c.mu.Unlock()
	n, err := c.Conn.Write(b[:n])
	if err == nil && last {
		c.Close()
		err = errCut
	}
	return n, err
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.once.Do(func() { close(c.gone) })
	c.s.mu.Lock()
	delete(c.s.conns, c)
	c.s.mu.Unlock()
	return c.Conn.Close()
}
