package chaos

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// A line is the network between two programs. It can be slow, go dead without a
// word, be cut, or lead nowhere.
type line struct {
	name string
	port int
	to   string
	l    net.Listener

	running sync.WaitGroup

	mu      sync.Mutex
	lag     time.Duration
	refuses bool
	works   chan struct{} // closed while bytes flow
	ends    map[net.Conn]bool
}

// newLine returns a line that works, to an address.
func newLine(name, to string) (*line, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens for as long as the run takes
	if err != nil {
		return nil, fmt.Errorf("lay line %s: %w", name, err)
	}
	ln := &line{name: name, to: to, l: l, port: l.Addr().(*net.TCPAddr).Port, works: make(chan struct{}), ends: map[net.Conn]bool{}}
	close(ln.works)
	ln.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			ln.running.Go(func() { ln.join(c) })
		}
	})
	return ln, nil
}

func (l *line) address() string { return fmt.Sprintf("127.0.0.1:%d", l.port) }

// close ends the line.
func (l *line) close() {
	l.l.Close()
	l.refuse(true)
	l.running.Wait()
}

// slow delays all bytes from now on, half of it on the way there and half on
// the way back.
func (l *line) slow(lag time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lag = lag
}

// freeze stops all bytes, on connections old and new, which stay open; thaw
// lets them flow again.
func (l *line) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.works = make(chan struct{})
}

func (l *line) thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.thawLocked()
}

func (l *line) thawLocked() {
	select {
	case <-l.works:
	default:
		close(l.works)
	}
}

// cut ends all connections.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.ends {
		c.Close()
	}
	l.thawLocked()
}

// refuse cuts all connections, and new ones too until it is taken back.
func (l *line) refuse(yes bool) {
	l.mu.Lock()
	l.refuses = yes
	l.mu.Unlock()
	if yes {
		l.cut()
	}
}

func (l *line) state() (lag time.Duration, works <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lag, l.works
}

// hold keeps connections for as long as they are, so that they can be cut. It
// returns false where the line leads nowhere.
func (l *line) hold(cs ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range cs {
		l.ends[c] = true
	}
	return !l.refuses
}

func (l *line) release(cs ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range cs {
		delete(l.ends, c)
	}
}

func (l *line) join(c net.Conn) {
	defer c.Close()
	defer l.release(c)
	if !l.hold(c) {
		return
	}
	up, err := net.Dial("tcp", l.to) //nolint:noctx // it is on this machine
	if err != nil {
		return
	}
	defer up.Close()
	defer l.release(up)
	if !l.hold(up) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.carry(up, c) })
	both.Go(func() { l.carry(c, up) })
	both.Wait()
}

// chunk is some bytes and when they are to arrive.
type chunk struct {
	at   time.Time
	data []byte
}

// carry brings bytes from one end to the other, in their order.
func (l *line) carry(dst, src net.Conn) {
	chunks := make(chan chunk, 256)
	go func() {
		defer close(chunks)
		for {
			b := make([]byte, 16<<10)
			n, err := src.Read(b)
			if n > 0 {
				lag, _ := l.state()
				chunks <- chunk{time.Now().Add(lag / 2), b[:n]}
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
		_, works := l.state()
		<-works
		if _, err := dst.Write(c.data); err != nil {
			break
		}
	}
	dst.Close()
	src.Close()
	for range chunks { // the reader ends with its connection
	}
}
