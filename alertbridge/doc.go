// Package alertbridge turns occurrences of Kubernetes events into alerts in
// Alertmanager.
//
// A [Bridge] is an occurrence.Sink. What it observes goes, in the watch's own
// goroutine, to the episodes of package episode, which ask the rules of
// package rule and send alerts as they begin, last and end; package notify
// queues them for each Alertmanager and sends them in goroutines of its own,
// so that neither counting nor another Alertmanager waits. Package page shows
// it all to people.
package alertbridge
