package eventlog

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// server is a store that is spoken to by HTTP. It is away as one that is not
// running is: nobody listens.
type server struct {
	w       *world
	addr    string
	handler http.Handler
	http    *http.Server
}

func (w *world) serve(h http.Handler) *server {
	w.t.Helper()
	s := &server{w: w, addr: fmt.Sprintf("127.0.0.1:%d", w.port()), handler: h}
	s.back()
	w.t.Cleanup(s.away)
	return s
}

func (s *server) url() string { return "http://" + s.addr }

func (s *server) away() { _ = s.http.Close() }

func (s *server) back() {
	s.w.t.Helper()
	l := s.w.listen(s.addr)
	s.http = &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return s.w.ctx }}
	go func(h *http.Server) { _ = h.Serve(l) }(s.http)
}

// listen listens at an address. A program that another test starts at this moment
// has, until it is itself, what was open here, and so what tried whether the port is
// free; then it is taken a little longer.
func (w *world) listen(addr string) net.Listener {
	w.t.Helper()
	var l net.Listener
	w.eventually("a store can listen", func() (bool, error) {
		var err error
		l, err = (&net.ListenConfig{}).Listen(w.ctx, "tcp", addr)
		return err == nil, err
	})
	return l
}

// body reads the whole of a request, whose sender may be killed meanwhile.
func body(r *http.Request) ([]byte, bool) {
	var from io.Reader = r.Body
	if strings.Contains(r.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, false
		}
		from = z
	}
	b, err := io.ReadAll(from)
	return b, err == nil
}
