// Package chaos runs all of kubebark on real parts while these are killed,
// stopped, cut off and given new certificates and keys, at random times that a
// seed draws, and holds what comes out of it against what was put in.
//
// The world is etcd, kube-apiserver, two exporters with a state file each, a
// pair of Alertmanagers that gossip, Prometheus, the receiver with its state
// file, and two phones, one of them encrypted. Between any two of them is a
// [line] that can be slow, go dead or be cut. A [workload] writes events and
// notes in a [ledger] what it has written; its [trouble]s have a beginning and
// an end.
//
// A run is a row of epochs: a storm, in which faults come, some side by side,
// each lifted again, and a calm, in which all must come right. What must hold:
//
//   - Of no label set more is counted than was written, at any time. Once a
//     label set is written no more, just as much is counted: by both exporters,
//     by Prometheus' own samples, and in the event log.
//   - Each trouble is one firing push and then one resolved one on each phone,
//     and nothing else is pushed. A trouble lasts until both phones show it, for
//     Alertmanager tells nobody of what began and ended while it was away.
//     It falls quiet only when both exporters have heard all of it: one that has
//     heard the last of it later holds that it lasts longer.
//   - Memory, goroutines and open files do not grow.
//   - No key, token or password is in any log, page, metric, state file,
//     argument or environment.
//
// A push may come twice, in the same place on the screen, only where nobody can
// know that it came: the receiver was killed, or its line to Bark failed, between
// Bark's taking the push and the receiver's noting the answer. Such moments are
// noted, and a second push is held against them.
package chaos
