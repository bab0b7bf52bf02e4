package phone

import (
	"slices"
	"strconv"
	"time"
)

// Kind tells events on a phone apart.
type Kind string

// What happens to notifications.
const (
	Shown   Kind = "shown"   // a new one
	Updated Kind = "updated" // replaced by one with the same id
	Removed Kind = "removed" // by a delete push
	Expired Kind = "expired" // its ttl is over
	Cleared Kind = "cleared" // by the phone's user, or a badge of 0
	Ignored Kind = "ignored" // a push that does nothing
)

// Event is something that happened on a phone.
type Event struct {
	Seq          int // counts all of a server's events from 1
	Time         time.Time
	Device       string
	Kind         Kind
	Notification Notification
}

// Events returns the events after a sequence number, oldest first.
func (s *Server) Events(after int) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.events, after+1, func(e Event, seq int) int { return e.Seq - seq })
	return slices.Clone(s.events[i:])
}

func (d *Device) emitLocked(k Kind, n Notification, at time.Time) {
	s := d.server
	s.seq++
	if len(s.events) >= maxEvents {
		s.events = slices.Delete(s.events, 0, len(s.events)-maxEvents+1)
	}
	s.events = append(s.events, Event{Seq: s.seq, Time: at, Device: d.opts.Name, Kind: k, Notification: n})
}

// receive is a push arriving on the phone.
func (d *Device) receive(w wire, at time.Time) {
	s := d.server
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.touchLocked()
	d.state.Received++
	if w.background {
		d.removeLocked(w.custom["id"], at)
		return
	}
	n := compose(w, d.opts.Cipher)
	d.badgeLocked(n.Custom["badge"], at)
	d.showLocked(n, w.collapse, at)
}

// removeLocked is a delete push: it needs an id, and a phone that lets the
// app work in the background.
func (d *Device) removeLocked(id string, at time.Time) {
	if id == "" || d.opts.NoBackground {
		d.emitLocked(Ignored, Notification{ID: id}, at)
		return
	}
	d.state.History = without(d.state.History, id)
	n, shown := d.state.Find(id)
	if !shown {
		d.emitLocked(Ignored, Notification{ID: id}, at)
		return
	}
	d.state.Notifications = without(d.state.Notifications, id)
	d.emitLocked(Removed, n, at)
}

// badgeLocked sets the number on the icon; zero also clears what the app has
// on the screen so far.
func (d *Device) badgeLocked(badge string, at time.Time) {
	n, err := strconv.Atoi(badge)
	if err != nil {
		return
	}
	d.state.Badge = n
	if n != 0 {
		return
	}
	for _, old := range d.state.Notifications {
		d.emitLocked(Cleared, old, at)
	}
	d.state.Notifications = nil
}

// showLocked puts a notification on top of the screen, in place of the one
// that has the same collapse id, and into the history.
func (d *Device) showLocked(n Notification, collapse string, at time.Time) {
	d.serial++
	n.ID, n.Time, n.First = collapse, at, at
	if n.ID == "" {
		n.ID = "#" + strconv.Itoa(d.serial)
	}
	kind := Shown
	if old, ok := d.state.Find(n.ID); ok {
		kind = Updated
		n.First, n.Updates = old.First, old.Updates+1
		d.state.Notifications = without(d.state.Notifications, n.ID)
	}
	d.archiveLocked(&n)
	d.state.Notifications = slices.Insert(d.state.Notifications, 0, n)
	if n.Sounded {
		d.state.Sounds++
	}
	if n.Level != Passive {
		d.state.Wakes++
	}
	d.emitLocked(kind, n, at)
}

// archiveLocked saves a notification in the app's history, unless told not
// to; the record's key is the id inside the push, if it has one. Only what is
// saved can expire.
func (d *Device) archiveLocked(n *Notification) {
	d.stopTimerLocked(n.ID)
	if v, ok := n.Custom["isarchive"]; n.Failed || ok && v != "1" {
		return
	}
	record := *n
	if id := n.Custom["id"]; id != "" {
		record.ID = id
	}
	if ttl, err := strconv.ParseFloat(n.Custom["ttl"], 64); err == nil && ttl > 0 {
		after := time.Duration(ttl * float64(time.Second))
		n.Expires = n.Time.Add(after)
		record.Expires = n.Expires
		d.expireLocked(n.ID, record.ID, n.Expires, after)
	}
	d.state.History = slices.Insert(without(d.state.History, record.ID), 0, record)
}

// expireLocked takes a notification and its record away after a time, unless
// another has come in its place by then.
func (d *Device) expireLocked(id, record string, at time.Time, after time.Duration) {
	if d.server.closed {
		return
	}
	if d.timers == nil {
		d.timers = map[string]*time.Timer{}
	}
	d.timers[id] = time.AfterFunc(after, func() {
		d.server.mu.Lock()
		defer d.server.mu.Unlock()
		if n, ok := d.state.Find(id); ok && n.Expires.Equal(at) {
			d.emitLocked(Expired, n, at)
			d.state.Notifications = without(d.state.Notifications, id)
		}
		if i := slices.IndexFunc(d.state.History, func(n Notification) bool {
			return n.ID == record && n.Expires.Equal(at)
		}); i >= 0 {
			d.state.History = without(d.state.History, record)
		}
		d.server.touchLocked()
	})
}

func (d *Device) stopTimerLocked(id string) {
	if t, ok := d.timers[id]; ok {
		t.Stop()
		delete(d.timers, id)
	}
}

// without returns a list without the notification that has an id; the given
// list stays as it is.
func without(list []Notification, id string) []Notification {
	return slices.DeleteFunc(slices.Clone(list), func(n Notification) bool { return n.ID == id })
}
