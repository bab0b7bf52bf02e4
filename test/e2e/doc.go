// Package e2e holds the tests of the whole: an event in a real kube-apiserver,
// a counter in a real Prometheus, an alert in a real Alertmanager, a push on
// the phone that stands in for one. They run the programs as they are built,
// from bin/, on real parts from the cache; make e2e builds both.
package e2e
