package fakeapi

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves a store on 127.0.0.1. Its methods may be called concurrently.
type Server struct {
	store    *Store
	http     *http.Server
	address  string
	faults   faults
	stopping chan struct{}
	wg       sync.WaitGroup
	divides  atomic.Bool
	late     atomic.Int64 // nanoseconds, as SayLater has it

	requests struct{ lists, watches atomic.Int64 }

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	closed   bool
	conns    map[*conn]struct{}
}

// Serve starts a server of a store on a port of 127.0.0.1, 0 for a free one.
// [Server.Close] ends it.
func Serve(store *Store, port int) (*Server, error) {
	s := &Server{
		store: store, address: fmt.Sprintf("127.0.0.1:%d", port),
		stopping: make(chan struct{}), conns: make(map[*conn]struct{}),
	}
	s.faults.init()
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Minute}
	if err := s.Accept(); err != nil {
		return nil, err
	}
	if store.opts.TTL > 0 {
		s.wg.Go(s.expire)
	}
	return s, nil
}

// URL returns the server's address.
func (s *Server) URL() string { return "http://" + s.address }

// Requests returns how many lists, by the page, and watches were answered.
func (s *Server) Requests() (lists, watches int64) {
	return s.requests.lists.Load(), s.requests.watches.Load()
}

// expire lets events expire while the server runs.
func (s *Server) expire() {
	tick := time.NewTicker(min(time.Second, s.store.opts.TTL/10+time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.stopping:
			return
		case now := <-tick.C:
			// The only error is of an event that cannot be encoded, and it was.
			_ = s.store.Expire(now)
		}
	}
}

// Accept lets the server listen, again after [Server.Refuse] and then on the
// same port.
func (s *Server) Accept() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil || s.closed {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.address = l.Addr().String()
	s.listener = &listener{Listener: l, s: s}
	s.wg.Add(1)
	go func(l net.Listener) {
		defer s.wg.Done()
		_ = s.http.Serve(l) // ends when the listener is closed
	}(s.listener)
	return nil
}

// Refuse breaks all connections and refuses new ones, as a server does that is
// not there, until [Server.Accept].
func (s *Server) Refuse() {
	s.mu.Lock()
	l := s.listener
	s.listener = nil
	s.mu.Unlock()
	if l != nil {
		l.Close()
	}
	s.Cut(0)
}

// Close ends the server. The store stays as it is.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.stopping)
	s.Thaw()
	s.Refuse()
	err := s.http.Close()
	s.wg.Wait()
	return err
}
