// Package notify brings alerts to every Alertmanager, each by a queue and a
// goroutine of its own, so that a slow or dead one delays nobody.
//
// [Notifier.Send] puts alerts into the queue of each Alertmanager. A queue
// holds at most one state of an alert, the latest, in the order in which they
// came; when it is full the oldest is dropped and counted. A sender takes
// batches from its queue and posts them to /api/v2/alerts, again and again
// with a growing delay as long as the Alertmanager does not answer or says
// that it cannot now. What an Alertmanager refuses is not sent again.
//
// Entries whose URL begins with dns+ or dnssrv+ are looked up again and again.
// An Alertmanager that is new, or answers after it did not, gets the state of
// all alerts at once, since it may have forgotten them.
package notify
