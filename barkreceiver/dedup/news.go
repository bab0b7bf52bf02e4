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
	began, at uint32 // seconds of Unix time
}

// seconds is a time as heard has it; those before 1970 are all the same.
func seconds(t time.Time) uint32 { return uint32(max(t.Unix(), 0)) } //nolint:gosec // until 2106

// within tells whether a device was told not longer ago.
func (h heard) within(window time.Duration, now uint32) bool {
	return now < h.at || float64(now-h.at) < window.Seconds()
}

// News tells whether a message tells the device of an alert that fires which it
// does not know of. One that does not is worth an update on the screen and no
// sound: some alerts of the group are over, a silence has begun, or the other
// of two Alertmanagers comes late with what was true a moment before. What is
// the same as the last time is a repeat, which sounds.
func (s *Store) News(device, id string, st State) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.memories.Peek(key{device, id})
	if !ok || st.Repeat || len(st.Firing) == 0 || last.same(st) {
		return true
	}
	now := seconds(time.Now())
	return slices.ContainsFunc(st.Firing, func(a Alert) bool {
		return !slices.ContainsFunc(last.heard, func(h heard) bool {
			lately := h.at == seconds(last.at) || h.within(s.window, now)
			return h.key == a.Key && lately && seconds(a.Began) <= h.began+uint32(startGap.Seconds())
		})
	})
}

// Late tells whether a message says of nothing but what the device was just told
// is over that it fires. The second of two Alertmanagers looks at its alerts, waits
// for the first, and then tells what was so before.
func (s *Store) Late(device, id string, st State) bool {
	if st.Repeat || len(st.Firing) == 0 || s.News(device, id, st) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.memories.Peek(key{device, id})
	return ok && last.Over && time.Since(last.at) < pairGap &&
		!slices.ContainsFunc(st.Firing, func(a Alert) bool { return a.Began.After(last.at) })
}

// hear returns what a device knows after it was told of the alerts. Others are
// known for a while yet.
func hear(before []heard, firing []Alert, now time.Time, window time.Duration) []heard {
	firing = firing[:min(len(firing), maxHeard)]
	all := make([]heard, 0, len(firing))
	for _, a := range firing {
		all = append(all, heard{a.Key, seconds(a.Began), seconds(now)})
	}
	for _, h := range before {
		again := slices.ContainsFunc(firing, func(a Alert) bool { return a.Key == h.key })
		if len(all) < maxHeard && !again && h.within(window, seconds(now)) {
			all = append(all, h)
		}
	}
	return all
}
