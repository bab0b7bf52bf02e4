package eventlog

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

// revision is that of the protocol which the stand-in speaks: ClickHouse 23.4's.
const revision = 54460

// clickhouse is a server that speaks ClickHouse's own protocol, in the vendor's own
// code of it. It knows the table of the shipped clickhouse.sql, and takes what is
// inserted there.
type clickhouse struct {
	w      *world
	addr   string
	schema map[string]string // types of columns

	mu      sync.Mutex
	l       net.Listener
	conns   map[net.Conn]bool
	rows    []got
	inserts int
	busy    int // that were told to come again
}

func (w *world) startClickHouse() *clickhouse {
	w.t.Helper()
	c := &clickhouse{w: w, addr: fmt.Sprintf("127.0.0.1:%d", w.port()), schema: make(map[string]string), conns: make(map[net.Conn]bool)}
	sql, err := os.ReadFile(filepath.Join(examples, "clickhouse.sql"))
	w.must(err)
	for line := range strings.Lines(string(sql)) {
		if name, kind, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(line, "    ") {
			kind, _, _ = strings.Cut(kind, " CODEC")
			c.schema[name] = strings.TrimSuffix(kind, ",")
		}
	}
	c.back()
	w.t.Cleanup(c.away)
	return c
}

func (c *clickhouse) back() {
	c.w.t.Helper()
	l := c.w.listen(c.addr)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.l = l
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.conns[conn] = true
			c.mu.Unlock()
			go c.serve(conn)
		}
	}()
}

func (c *clickhouse) away() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.l.Close()
	for conn := range c.conns {
		_ = conn.Close()
	}
}

func (c *clickhouse) read() ([]got, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]got(nil), c.rows...), nil
}

// full tells sometimes that an insert must come again.
func (c *clickhouse) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inserts++
	if c.inserts%6 != 3 {
		return false
	}
	c.busy++
	return true
}

// serve talks to one client until it goes.
func (c *clickhouse) serve(conn net.Conn) {
	s := &session{c: c, conn: conn, r: proto.NewReader(conn), b: new(proto.Buffer)}
	err := s.hello()
	for err == nil {
		err = s.next()
	}
	var op *net.OpError
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &op) {
		c.w.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
	_ = conn.Close()
}

// TestClickHouse: exporter, OTLP, collector, ClickHouse.
func TestClickHouse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.startClickHouse()
	w.startExporter("--event-log.otlp.endpoint=" + w.startCollector("otel-collector-clickhouse.yaml", map[string]string{"clickhouse.example.com:9000": c.addr}, "CLICKHOUSE_PASSWORD=secret"))
	w.disturb(c.away, c.back)
	w.readsBack(c.read)
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Logf("in %d inserts, of which %d were put off", c.inserts, c.busy)
}
