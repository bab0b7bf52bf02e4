package fakeapi

import (
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// faults are those that a server has at the moment. Those of connections are
// in conn.go.
type faults struct {
	mu        sync.Mutex
	refusals  []error
	interrupt chan struct{}          // closed to end all streams
	reason    *apierrors.StatusError // what they end with; nil for an ordinary end

	thawed chan struct{} // closed unless frozen
	rate   int           // bytes a second; 0 is no bound
}

func (f *faults) init() {
	f.interrupt = make(chan struct{})
	f.thawed = make(chan struct{})
	close(f.thawed)
}

// refusal returns the error that the next request is due, if one is.
func (f *faults) refusal() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.refusals) == 0 {
		return nil
	}
	err := f.refusals[0]
	f.refusals = f.refusals[1:]
	return err
}

func (f *faults) interruptions() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.interrupt
}

func (f *faults) interruption() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reason == nil {
		return nil
	}
	return f.reason
}

func (f *faults) pace() (thawed <-chan struct{}, rate int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.thawed, f.rate
}

// SayLater has the server say of a list's first page, where there are more, the
// version that is the last one so long after the page was read, as one does that
// stores in kine 0.17.5.
func (s *Server) SayLater(d time.Duration) { s.late.Store(int64(d)) }

// Errors that the API server is known to answer with, as answers to a request
// or in a stream.

// TooManyRequests is what a server answers that asks to be left alone for some
// seconds.
func TooManyRequests(retryAfter int) *apierrors.StatusError {
	e := apierrors.NewTooManyRequests("Too many requests, please try again later.", retryAfter)
	return e
}

// LostPrevious is what the API server says of a change whose previous state
// etcd has compacted away before it could be read.
func LostPrevious() *apierrors.StatusError {
	e := apierrors.NewInternalError(errLostPrevious)
	e.ErrStatus.Message = errLostPrevious.Error()
	e.ErrStatus.Details = nil
	return e
}

// Expired is what it says of a version that was compacted away.
func Expired() *apierrors.StatusError { return apierrors.NewResourceExpired(watchExpired) }

// Reject makes the next n lists and watches fail with an error.
func (s *Server) Reject(n int, err *apierrors.StatusError) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for range n {
		s.faults.refusals = append(s.faults.refusals, err)
	}
}

// Heal takes back what [Server.Reject], [Server.Freeze] and [Server.Slow] have
// brought about.
func (s *Server) Heal() {
	s.faults.mu.Lock()
	s.faults.refusals, s.faults.rate = nil, 0
	s.faults.mu.Unlock()
	s.Thaw()
}

// Interrupt ends all open watches: with an error in the stream, or, where that
// is nil, as at their timeout.
func (s *Server) Interrupt(err *apierrors.StatusError) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.reason = err
	close(s.faults.interrupt)
	s.faults.interrupt = make(chan struct{})
}

// Freeze makes the server send nothing on any connection, until
// [Server.Thaw].
func (s *Server) Freeze() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	select {
	case <-s.faults.thawed:
		s.faults.thawed = make(chan struct{})
	default: // frozen
	}
}

// Thaw ends [Server.Freeze]: what was held back is sent.
func (s *Server) Thaw() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	select {
	case <-s.faults.thawed:
	default:
		close(s.faults.thawed)
	}
}

// Slow makes each connection carry no more than so many bytes a second.
func (s *Server) Slow(bytesPerSecond int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rate = bytesPerSecond
}

// Cut breaks every connection that is open now after it has carried so many
// more bytes.
func (s *Server) Cut(after int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.cut(after)
	}
}

// wait is how long so many bytes take.
func wait(n, rate int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(rate)
}
