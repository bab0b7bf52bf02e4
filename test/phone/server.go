package phone

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The server keeps the latest so many requests and events; what a demo left
// running for days would pile up beyond them is forgotten, oldest first.
const (
	maxRequests = 10_000
	maxEvents   = 10_000
)

// Options says what kind of bark-server is stood in for. The zero value is
// one without authentication or batch limit.
type Options struct {
	User, Password string // basic auth of the whole server; none if both are empty
	MaxBatch       int    // most device keys in one request; 0 for no limit
}

// Server is a bark-server and its phones. Make one with [New]; it is safe for
// concurrent use.
type Server struct {
	opts Options
	page http.Handler

	mu       sync.Mutex
	devices  []*Device
	requests []*Request
	events   []Event
	seq      int // of events
	calls    int // so many requests so far
	crashes  int
	fault    *Fault
	changed  chan struct{}
	closed   bool
}

// New returns a server without devices.
func New(opts Options) *Server {
	s := &Server{opts: opts, changed: make(chan struct{})}
	s.page = newPage(s)
	return s
}

// DeviceOptions describes a phone.
type DeviceOptions struct {
	Name   string // shown on the page; "device N" if empty
	Key    string // the device key that senders use
	Token  string // Apple's device token; made from the name if empty
	Cipher Cipher // how pushes to it are encrypted; the zero value: not at all

	// NoBackground makes the phone drop background pushes, as iOS does when
	// Background App Refresh is off: delete then does nothing.
	NoBackground bool
}

// AddDevice registers a phone under its key.
func (s *Server) AddDevice(o DeviceOptions) *Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.addLocked(o)
	s.touchLocked()
	return d
}

func (s *Server) addLocked(o DeviceOptions) *Device {
	if o.Name == "" {
		o.Name = fmt.Sprintf("device %d", len(s.devices)+1)
	}
	if o.Token == "" {
		o.Token = "apns-token-of-" + slug(o.Name)
	}
	d := &Device{server: s, opts: o, slug: s.freeSlug(o.Name), token: o.Token}
	s.devices = append(s.devices, d)
	return d
}

// Devices returns the phones in the order they were added.
func (s *Server) Devices() []*Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.devices)
}

// Requests returns every request on the push API, the refused ones too,
// oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.requests))
	for i, r := range s.requests {
		out[i] = r.clone()
	}
	return out
}

// Crashes counts the requests that would have killed the bark-server process.
func (s *Server) Crashes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crashes
}

// Changed returns a channel that is closed at the next change of anything:
// take it first, then look, then wait on it.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Close ends the streams of open pages and the timers of short-lived
// notifications, so that an http.Server's Shutdown does not wait for them.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, d := range s.devices {
		d.stopTimersLocked()
	}
	s.touchLocked()
}

// touchLocked wakes everybody who waits for a change.
func (s *Server) touchLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) byKeyLocked(key string) *Device {
	for _, d := range s.devices {
		if d.opts.Key == key {
			return d
		}
	}
	return nil
}

// begin records a request as it arrives, so that one that hangs can be seen.
func (s *Server) begin(r *http.Request, body []byte) *Request {
	rec := &Request{
		Time: time.Now(), Method: r.Method, Path: r.URL.RequestURI(),
		Header: r.Header.Clone(), Body: body,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) >= maxRequests {
		s.requests = slices.Delete(s.requests, 0, len(s.requests)-maxRequests+1)
	}
	s.calls++
	rec.seq = s.calls
	s.requests = append(s.requests, rec)
	s.touchLocked()
	return rec
}

// finish records the answer that a request got.
func (s *Server) finish(rec *Request, status int, answer []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec.Status, rec.Answer, rec.Took = status, answer, time.Since(rec.Time)
	s.touchLocked()
}

func (s *Server) freeSlug(name string) string {
	base := slug(name)
	for n, try := 2, base; ; n++ {
		if !slices.ContainsFunc(s.devices, func(d *Device) bool { return d.slug == try }) {
			return try
		}
		try = fmt.Sprintf("%s-%d", base, n)
	}
}

// slug makes a name fit for a path: lower-case ASCII letters, digits and
// single hyphens.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '\'' || r == '’':
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if out := strings.Trim(b.String(), "-"); out != "" {
		return out
	}
	return "device"
}
