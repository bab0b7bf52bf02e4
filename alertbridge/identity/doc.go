// Package identity says which workload an object belongs to and which labels
// an alert about it carries, as a function of the event alone: two replicas of
// the exporter, or one before and after a restart, come to the same labels
// without asking anybody.
//
// Which workload that is says [occurrence.Workload], which leaves a name alone
// unless its shape is unmistakable, since an alert that lumps two things
// together misleads more than one alert too many. [Labels] makes the labels
// under a [Mode].
package identity
