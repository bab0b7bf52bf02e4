package receiver

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kubebark/kubebark/test/testbed"
)

// gate is the network in front of one of a pair's Alertmanagers, for what they
// gossip over TCP and UDP. It can be shut without either being told.
type gate struct {
	*testbed.Line

	shut atomic.Bool
}

// newGate returns an open gate to a port.
func newGate(t testing.TB, to int) *gate {
	t.Helper()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(to))
	line, err := testbed.NewLine(0, address)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Line: line}
	u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: g.Port()})
	if err != nil {
		g.Close()
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() { g.packets(u, address) })
	t.Cleanup(func() {
		g.Close()
		u.Close()
		work.Wait()
	})
	return g
}

// set shuts the gate or opens it. Shutting it breaks off what goes through.
func (g *gate) set(shut bool) {
	g.shut.Store(shut)
	g.Refuse(shut)
}

func (g *gate) packets(from *net.UDPConn, address string) {
	to, err := net.Dial("udp", address)
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
		if !g.shut.Load() {
			_, _ = to.Write(packet[:n]) // what nobody hears is lost, as in any network
		}
	}
}
