// Package record is one line of the event log: an occurrence as JSON, and back.
//
// A [Record] names its fields as OpenTelemetry's semantic conventions do where
// they have a name. [Of] makes it from an occurrence, [Record.Append] writes it,
// [Parse] reads it, and [Record.Event] is the event that it was made of, so that
// a log can be replayed.
package record
