package phone

import (
	"context"
	"slices"
	"time"
)

// Device is a phone with the Bark app.
type Device struct {
	server *Server
	opts   DeviceOptions
	slug   string

	// Under the server's lock.
	token  string // empty once bark-server has forgotten it
	fault  *Fault
	state  State
	serial int
	timers map[string]*time.Timer // those that end a ttl, by notification id
}

// State is what a phone shows and has done.
type State struct {
	Notifications []Notification // on the lock screen, the newest first
	History       []Notification // saved in the app, the newest first
	Badge         int            // the number on the app's icon
	Sounds        int            // how often it made a sound
	Wakes         int            // how often its screen lit up
	Received      int            // pushes that reached it, background ones included
}

// Find returns the notification with an id.
func (s State) Find(id string) (Notification, bool) {
	i := slices.IndexFunc(s.Notifications, func(n Notification) bool { return n.ID == id })
	if i < 0 {
		return Notification{}, false
	}
	return s.Notifications[i], true
}

// Name returns the device's name.
func (d *Device) Name() string { return d.opts.Name }

// Key returns the device key.
func (d *Device) Key() string { return d.opts.Key }

// Path returns the path of the device's page.
func (d *Device) Path() string { return pagePrefix + d.slug }

// State returns a copy of the phone's state.
func (d *Device) State() State {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	return d.stateLocked()
}

func (d *Device) stateLocked() State {
	s := d.state
	s.Notifications = slices.Clone(s.Notifications)
	s.History = slices.Clone(s.History)
	return s
}

// Requests returns the requests that name this device's key, oldest first.
func (d *Device) Requests() []Request {
	var out []Request
	for _, r := range d.server.Requests() {
		if r.names(d.opts.Key) {
			out = append(out, r)
		}
	}
	return out
}

// Wait returns as soon as ok says yes to the phone's state, or with the
// context's error and the last state.
func (d *Device) Wait(ctx context.Context, ok func(State) bool) (State, error) {
	for {
		changed := d.server.Changed()
		s := d.State()
		if ok(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// Register gives bark-server the phone's token again, as opening the app
// does.
func (d *Device) Register() {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.token = d.opts.Token
	d.server.touchLocked()
}

// forget is bark-server emptying the stored token.
func (d *Device) forget() {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.token = ""
	d.server.touchLocked()
}

// Clear wipes all notifications off the lock screen, as its user would.
func (d *Device) Clear() {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	for _, n := range d.state.Notifications {
		d.emitLocked(Cleared, n, time.Now())
	}
	d.state.Notifications = nil
	d.server.touchLocked()
}

func (d *Device) stopTimersLocked() {
	for id := range d.timers {
		d.stopTimerLocked(id)
	}
}
