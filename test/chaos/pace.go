package chaos

import "time"

// A pace is how long everything takes in a run.
type pace struct {
	storm, calm  time.Duration
	fault        time.Duration // at most
	every        time.Duration // between two faults, on the average
	write        time.Duration // between two writes of the workload, on the average
	repeat       time.Duration // between two writes of a trouble
	lasts        time.Duration // the least that a trouble does; at most three times as long
	slots        int           // so many troubles at once
	quiet        time.Duration // keep_firing_for
	hushes       bool          // troubles may end by quiet
	delay        time.Duration // new_series_delay
	wait         time.Duration // group_wait
	interval     time.Duration // group_interval
	peer         time.Duration // how long the second Alertmanager waits for the first; less than interval, as it has to be
	resend       time.Duration
	scrape       time.Duration
	limit        time.Duration // for anything to come right on a busy machine
	short        bool
	steadyMinLen time.Duration // a run that is shorter tells nothing about growth
}

// paceOf returns the pace of a run that is to be so long.
func paceOf(length time.Duration) pace {
	if length < 2*time.Minute {
		return pace{
			storm: length, calm: time.Second, fault: 1500 * time.Millisecond, every: 700 * time.Millisecond,
			write: 20 * time.Millisecond, repeat: time.Second, lasts: time.Second, slots: 4,
			quiet: time.Minute, delay: time.Second, wait: time.Second, interval: 2 * time.Second, peer: 500 * time.Millisecond,
			resend: time.Second, scrape: time.Second, limit: 2 * time.Minute, short: true,
		}
	}
	return pace{
		storm: 30 * time.Second, calm: 20 * time.Second, fault: 8 * time.Second, every: 4 * time.Second,
		write: 100 * time.Millisecond, repeat: 4 * time.Second, lasts: 25 * time.Second, slots: 8,
		quiet: 90 * time.Second, hushes: true, delay: 30 * time.Second, wait: 2 * time.Second, interval: 8 * time.Second, peer: 2 * time.Second,
		resend: 10 * time.Second, scrape: 2 * time.Second, limit: 5 * time.Minute,
		steadyMinLen: 10 * time.Minute,
	}
}
