// Package truth holds kubebark's promise against the truth: every occurrence
// counted exactly once, whatever fails.
//
// A [story] plays recorders, client-go's own correlator among them, and writes
// in a [ledger] how many occurrences each label set had. The exporter, as it is
// built, watches the API server that they write to, while a [schedule] of
// faults, made from a seed, breaks the server's streams, hides its history,
// rejects, freezes and slows it, and ends the exporter by SIGTERM and SIGKILL.
// A [scraper] reads the metrics all the while and adds up increases as
// Prometheus does. At the end the two must agree for each label set: nothing
// lost, nothing double.
//
// The event log is held against the same ledger, but for a disk that fails: the
// sum of its records is the sum of what was made, over all ends of the exporter.
//
// What exactness means here, where the API itself leaves no choice:
//
//   - An occurrence that a recorder held back (spam filter, a write given up,
//     an events.k8s.io series between two writes) counts when a later write
//     tells of it. Each story ends with such writes.
//   - An object that goes while its last write has not been counted durably
//     takes that with it. In exact schedules objects go, and come back, only
//     when all of their label set has been scraped; schedules of the kind
//     "gaps" let them go whenever, and what is missing must not exceed what
//     was at risk.
//   - A writer that keeps no count and puts its object anew tells of one
//     occurrence by each write; a list shows the last one alone. So such
//     writers are exact only in schedules in which no list is needed.
//   - While the disk fails, scrapes show what is not on it, and say so. A series
//     that was first shown meanwhile is on no disk: when the exporter ends before
//     the disk is well, the next one begins it at 0 and finds all of it again.
//     In schedules with such a disk that may be double, once for each such end,
//     and nothing else: series that were there before stay exact, and so are all
//     where the exporter lives on.
package truth
