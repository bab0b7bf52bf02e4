// Package history holds what has lately happened to each object, for people who
// ask what else did: the page /events, and the same as JSON.
//
// A [History] is a sink of the pipeline. It keeps the last events of each object
// and no more than a fixed number in all; the object of which nothing was heard
// for the longest goes first. It is in memory alone: the event log is what
// lasts.
package history
