// Package receiver tests alertmanager-bark as it is built, between real
// Alertmanagers and phones, without a cluster: what becomes of pushes when it
// is killed, when Bark is slow or gone, and when two Alertmanagers tell of the
// same.
package receiver
