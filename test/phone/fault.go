package phone

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Fault is something that goes wrong with pushes, with the whole server or
// with one device. What is zero does not happen.
type Fault struct {
	Code    int    // answer with this status instead
	Message string // and this message; {token} stands for the device's token
	Plain   bool   // as a proxy in front would: text/plain, no envelope
	Header  http.Header

	Delay time.Duration   // answer so much later
	Hold  <-chan struct{} // answer only once this is closed
	Drop  bool            // cut the connection instead of answering

	Deliver bool // the push reaches the phone all the same, before anything else
	Times   int  // so many requests only; 0 until it is taken back
}

// APNs is the fault that Apple's push service refuses with a reason. After
// BadDeviceToken and Unregistered, bark-server forgets the device's token.
func APNs(reason string) *Fault {
	return &Fault{Code: http.StatusInternalServerError, Message: "push failed: " + reason}
}

// Unreachable is the fault that bark-server cannot reach Apple's push
// service. Its message gives away the device's token, as bark-server's does.
func Unreachable() *Fault {
	return APNs(`Post "https://api.push.apple.com/3/device/{token}": dial tcp: lookup api.push.apple.com: i/o timeout`)
}

// Proxy is the fault that something in front of bark-server answers, with a
// Retry-After if it is not empty.
func Proxy(code int, retryAfter string) *Fault {
	f := &Fault{Code: code, Message: http.StatusText(code), Plain: true, Header: http.Header{}}
	if retryAfter != "" {
		f.Header.Set("Retry-After", retryAfter)
	}
	return f
}

// Fail makes the whole server fail until Fail(nil), or f.Times requests long.
// The server's fault comes before anything else it would do.
func (s *Server) Fail(f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f.arm()
}

// Fail makes pushes to this device fail until Fail(nil), or f.Times requests
// long.
func (d *Device) Fail(f *Fault) {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.fault = f.arm()
}

// arm copies a fault, so that counting it down leaves the caller's alone.
func (f *Fault) arm() *Fault {
	if f == nil {
		return nil
	}
	c := *f
	return &c
}

// strike takes a fault for one request and counts it down; called with the
// server locked.
func strike(at **Fault) *Fault {
	f := *at
	if f == nil {
		return nil
	}
	hit := *f
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			*at = nil
		}
	}
	return &hit
}

// wait lets the fault's time pass, or the client go away.
func (f *Fault) wait(ctx context.Context) {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	if f.Hold != nil {
		select {
		case <-f.Hold:
		case <-ctx.Done():
		}
	}
}

// result is what comes of a push to a device of this token; ok is how it
// would have gone without the fault.
func (f *Fault) result(token string, ok result) result {
	if f.Drop {
		return result{drop: true}
	}
	if f.Code == 0 {
		return ok
	}
	return result{
		code: f.Code, message: strings.ReplaceAll(f.Message, "{token}", token),
		plain: f.Plain, header: f.Header,
	}
}

// forgetsToken says whether bark-server would drop a device's token after
// this answer.
func (r result) forgetsToken() bool {
	return r.code == http.StatusInternalServerError &&
		(r.message == "push failed: BadDeviceToken" || r.message == "push failed: Unregistered")
}
