// Package episode turns occurrences into alerts that begin, last and end.
//
// An episode is one trouble, told apart by the labels of its alert. It is
// pending until its rule says that it fires, by an occurrence and never by a
// mere clock; it fires until a recovery is seen on every affected object, or
// they are gone, or nothing was heard of it for the rule's quiet time.
//
// A [Tracker] holds all episodes. [Tracker.Observe] moves them on by an
// occurrence, [Tracker.Run] by time: it sends each firing alert again and
// again, with an end that is its quiet time after the last occurrence, and
// sends the end of an alert for a while. Time is the process's own; what a
// reporter's clock says moves nothing on. Silence ends an alert only if the watch
// has shown since that it lives, for one that hangs is silent, too.
//
// What a list brings is held until [Tracker.Synced] and taken in the order in
// which it was written, so that a recovery in the list counts against the
// trouble before it.
//
// Where there are [Lookups], goroutines of Run ask about the objects of firing
// alerts, and what they learn goes out with the next refresh: to whom an object
// belongs, why its container died, that it is gone. Only an alert that is named
// after its owner waits for an answer before it begins, and with it all that
// comes about the same object meanwhile.
//
// Everything is bounded: episodes beyond the limit fold into one for each
// namespace and reason, affected objects beyond theirs are only counted as
// more.
package episode
