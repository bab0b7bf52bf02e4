// Package eventlog writes each occurrence as a line of JSON, to a file or to
// standard output, so that events outlive the API server's hour.
//
// A [Log] is a sink of the pipeline. Its Observe puts an occurrence into a
// bounded queue and never waits; what finds no room is counted. Its Run takes
// them out in their order, makes records of them (package record), enriches
// those by look-ups where that is configured, and writes them, many at a time.
// What cannot be written is kept and tried again, while the queue has room.
//
// A file is rotated by size and age, and opened anew when somebody else has
// moved it. After a start its end is read: a restart that finds an occurrence
// again which is already there does not write it twice. [Log.Settle] makes the
// state file wait for the log, so that none is lost by a crash either.
package eventlog
