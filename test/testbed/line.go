package testbed

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// A Line is the network between two programs, for TCP on loopback. It can be
// slow, go dead without a word, be cut, or lead nowhere. Its methods are safe for
// concurrent use.
type Line struct {
	to       string
	listener net.Listener
	running  sync.WaitGroup

	mu          sync.Mutex
	there, back time.Duration
	refuses     bool
	flows       chan struct{} // closed while bytes flow
	ends        map[net.Conn]bool
}

// NewLine returns a line that works, from a port of 127.0.0.1 to an address.
// Port 0 is a free one.
func NewLine(port int, to string) (*Line, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)) //nolint:noctx // until it is closed
	if err != nil {
		return nil, fmt.Errorf("lay a line to %s: %w", to, err)
	}
	l := &Line{to: to, listener: listener, flows: make(chan struct{}), ends: map[net.Conn]bool{}}
	close(l.flows)
	l.running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return // closed
			}
			l.running.Go(func() { l.join(c) })
		}
	})
	return l, nil
}

// Port returns the port that leads to the other end.
func (l *Line) Port() int { return l.listener.Addr().(*net.TCPAddr).Port }

// Address returns the address that leads to the other end.
func (l *Line) Address() string { return l.listener.Addr().String() }

// Close ends the line for good.
func (l *Line) Close() {
	l.listener.Close()
	l.Refuse(true)
	l.running.Wait()
}

// Slow delays all bytes from now on, those on the way there and those on the way
// back.
func (l *Line) Slow(there, back time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.there, l.back = there, back
}

// Freeze stops all bytes, on connections old and new, which stay open; Thaw lets
// them flow again.
func (l *Line) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.flows:
		l.flows = make(chan struct{})
	default: // nothing flows already
	}
}

// Thaw ends what Freeze began.
func (l *Line) Thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.thaw()
}

func (l *Line) thaw() {
	select {
	case <-l.flows:
	default:
		close(l.flows)
	}
}

// Cut ends all connections.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.ends {
		c.Close()
	}
	l.thaw()
}

// Refuse cuts all connections, and new ones too until it is taken back.
func (l *Line) Refuse(yes bool) {
	l.mu.Lock()
	l.refuses = yes
	l.mu.Unlock()
	if yes {
		l.Cut()
	}
}

// hold keeps a connection for as long as it is, so that it can be cut. It
// returns false where the line leads nowhere.
func (l *Line) hold(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[c] = true
	return !l.refuses
}

func (l *Line) release(c net.Conn) {
	c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ends, c)
}

func (l *Line) join(c net.Conn) {
	defer l.release(c)
	if !l.hold(c) {
		return
	}
	far, err := net.Dial("tcp", l.to) //nolint:noctx // it is on this machine
	if err != nil {
		return
	}
	defer l.release(far)
	if !l.hold(far) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.carry(far, c, func() time.Duration { return l.there }) })
	both.Go(func() { l.carry(c, far, func() time.Duration { return l.back }) })
	both.Wait()
}

// chunk is some bytes and when they are to arrive.
type chunk struct {
	at   time.Time
	data []byte
}

// maxChunks is how many chunks may be on their way, so that whoever sends does
// not notice that nothing arrives.
const maxChunks = 4096

// carry brings bytes from one end to the other, in their order. lag is asked
// with the lock.
func (l *Line) carry(dst, src net.Conn, lag func() time.Duration) {
	chunks := make(chan chunk, maxChunks)
	go func() {
		defer close(chunks)
		for {
			b := make([]byte, 16<<10)
			n, err := src.Read(b)
			if n > 0 {
				l.mu.Lock()
				at := time.Now().Add(lag())
				l.mu.Unlock()
				chunks <- chunk{at, b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for c := range chunks {
		if d := time.Until(c.at); d > 0 {
			<-time.After(d)
		}
		l.mu.Lock()
		flows := l.flows
		l.mu.Unlock()
		<-flows
		if _, err := dst.Write(c.data); err != nil {
			break
		}
	}
	dst.Close()
	src.Close()
	for range chunks { // the reader ends with its connection
	}
}
