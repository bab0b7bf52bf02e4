package receiver

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// gate is the network in front of one of a pair's Alertmanagers, for what they
// gossip over TCP and UDP. It can be shut without either being told.
type gate struct {
	port int // to be advertised
	to   string

	mu    sync.Mutex
	shut  bool
	conns map[net.Conn]bool
}

// newGate returns an open gate to a port.
func newGate(t testing.TB, to int) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		l.Close()
		t.Fatal(err)
	}
	g := &gate{port: port, to: net.JoinHostPort("127.0.0.1", strconv.Itoa(to)), conns: map[net.Conn]bool{}}
	var work sync.WaitGroup
	work.Go(func() { g.packets(u) })
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			work.Go(func() { g.stream(c) })
		}
	})
	t.Cleanup(func() {
		g.set(true)
		l.Close()
		u.Close()
		work.Wait()
	})
	return g
}

// set shuts the gate or opens it. Shutting it breaks off what goes through.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for c := range g.conns {
		if shut {
			c.Close()
		}
	}
}

// enter tells whether the gate is open, and has it break off the connections.
func (g *gate) enter(cs ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range cs {
		g.conns[c] = true
	}
	return !g.shut
}

func (g *gate) leave(cs ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range cs {
		c.Close()
		delete(g.conns, c)
	}
}

func (g *gate) packets(from *net.UDPConn) {
	to, err := net.Dial("udp", g.to)
	if err != nil {
		return
	}
	defer to.Close()
	packet := make([]byte, 64<<10)
	for {
		n, _, err := from.ReadFrom(packet)
		if err != nil {
			return // closed
		}
		if g.enter() {
			_, _ = to.Write(packet[:n]) // what nobody hears is lost, as in any network
		}
	}
}

func (g *gate) stream(c net.Conn) {
	up, err := net.Dial("tcp", g.to)
	if err != nil {
		c.Close()
		return
	}
	defer g.leave(c, up)
	if !g.enter(c, up) {
		return
	}
	var ways sync.WaitGroup
	for _, way := range [][2]net.Conn{{up, c}, {c, up}} {
		ways.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // either end may break it off
			way[0].Close()
			way[1].Close()
		})
	}
	ways.Wait()
}
