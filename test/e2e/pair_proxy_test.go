package e2e

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// A line is the network between an exporter and the API server, which can be
// slow or go dead without a word, as a network does.
type line struct {
	url string
	to  string

	mu   sync.Mutex
	lag  time.Duration
	dead chan struct{} // closed while the line works
	ends []net.Conn
}

// newLine returns a line to the API server that works.
func newLine(t *testing.T) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	works := make(chan struct{})
	close(works)
	ln := &line{url: "https://" + l.Addr().String(), to: strings.TrimPrefix(cluster.URL(), "https://"), dead: works}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			running.Go(func() { ln.join(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		ln.cut()
		running.Wait()
	})
	return ln
}

// slow delays all that the server says from now on.
func (l *line) slow(lag time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lag = lag
}

// freeze stops all bytes, on connections old and new, which stay open.
func (l *line) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = make(chan struct{})
}

// cut ends all connections.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.dead:
	default:
		close(l.dead)
	}
	for _, c := range l.ends {
		c.Close()
	}
}

func (l *line) state() (lag time.Duration, works <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lag, l.dead
}

func (l *line) join(c net.Conn) {
	defer c.Close()
	up, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer up.Close()
	l.mu.Lock()
	l.ends = append(l.ends, c, up)
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.carry(up, c, false) })
	both.Go(func() { l.carry(c, up, true) })
	both.Wait()
}

// chunk is some bytes and when they are to arrive.
type chunk struct {
	at   time.Time
	data []byte
}

// carry brings bytes from one end to the other, in their order.
func (l *line) carry(dst, src net.Conn, slow bool) {
	chunks := make(chan chunk, 1<<16)
	go func() {
		defer close(chunks)
		for {
			b := make([]byte, 16<<10)
			n, err := src.Read(b)
			if n > 0 {
				at := time.Now()
				if lag, _ := l.state(); slow {
					at = at.Add(lag)
				}
				chunks <- chunk{at, b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for c := range chunks {
		<-time.After(time.Until(c.at))
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

// members returns the flags of so many Alertmanagers that gossip.
func members(t *testing.T, n int) [][]string {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		ports[i] = freePort(t)
	}
	var all [][]string
	for i := range ports {
		args := []string{
			fmt.Sprintf("--cluster.listen-address=127.0.0.1:%d", ports[i]),
			fmt.Sprintf("--cluster.advertise-address=127.0.0.1:%d", ports[i]),
			"--cluster.peer-timeout=5s", "--cluster.gossip-interval=50ms", "--cluster.pushpull-interval=1s",
		}
		for j := range ports {
			if j != i {
				args = append(args, fmt.Sprintf("--cluster.peer=127.0.0.1:%d", ports[j]))
			}
		}
		all = append(all, args)
	}
	return all
}
