package dedup

import (
	"slices"
	"time"
)

// maxHeard is how many alerts of a group are remembered for a device. Of a
// larger group a change may make a sound though it is none to the worse.
const maxHeard = 100

// Alert is an alert that fires.
type Alert struct {
	Key   uint32 // of its labels
	Began time.Time
}

// heard is an alert that a device was told of as firing.
type heard struct {
	key       uint32
	began, at int64 // Unix time
}

// News tells whether a message tells the device of an alert that fires which it
// does not know of. One that does not is worth an update on the screen and no
// sound: some alerts of the group are over, a silence has begun, or the other
// of two Alertmanagers comes late with what was true a moment before. What is
// the same as the last time is a repeat, which sounds.
func (s *Store) News(device, id string, st State) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.told.Peek(key{device, id})
	if !ok || st.Repeat || len(st.Firing) == 0 || last.same(st) {
		return true
	}
	now := time.Now()
	return slices.ContainsFunc(st.Firing, func(a Alert) bool {
		return !slices.ContainsFunc(last.heard, func(h heard) bool {
			lately := h.at == last.at.Unix() || now.Unix()-h.at < int64(s.window.Seconds())
			return h.key == a.Key && lately && a.Began.Unix()-h.began <= int64(startGap.Seconds())
		})
	})
}

// hear returns what a device knows after it was told of the alerts. Others are
// known for a while yet.
func hear(before []heard, firing []Alert, now time.Time, window time.Duration) []heard {
	firing = firing[:min(len(firing), maxHeard)]
	all := make([]heard, 0, len(firing))
	for _, a := range firing {
		all = append(all, heard{a.Key, a.Began.Unix(), now.Unix()})
	}
	for _, h := range before {
		again := slices.ContainsFunc(firing, func(a Alert) bool { return a.Key == h.key })
		if len(all) < maxHeard && !again && now.Unix()-h.at < int64(window.Seconds()) {
			all = append(all, h)
		}
	}
	return all
}
