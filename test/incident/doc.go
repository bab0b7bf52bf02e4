// Package incident measures what a trouble makes of a phone: it replays a
// recording of events through the programs as they are built and a real
// Alertmanager with the configuration that is shipped, and counts what comes
// out at the phone that stands in for one.
//
// A [Recording] is events and the marks of what was done when. [Replay] plays
// one at a multiple of its pace, with all waits shortened alike (the rules' by
// the exporter itself, Alertmanager's and the receiver's by their
// configurations), and returns a [Report] in the recording's own time. [Day]
// makes up a day's worth of events.
package incident
