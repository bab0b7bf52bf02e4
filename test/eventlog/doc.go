// Package eventlog proves the way of the event log's records into a store: the
// exporter as built, against a fake API server, with a real OpenTelemetry
// Collector, rsyslog or rclone that runs the configurations of deploy/examples/event-log,
// and at the end a store that speaks the true protocol. All is read back: each occurrence
// must be there, over outages of the store and SIGKILLs of both programs, and
// what is there twice must be told by its event.id.
//
// An outage takes a moment here; -outage=30s makes it as long as one in life.
package eventlog
