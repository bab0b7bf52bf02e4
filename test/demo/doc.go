// Package demo shows kubebark at work on one machine.
//
// It starts a stand-in for phones and bark-server, a real Alertmanager,
// alertmanager-bark and kube-event-exporter, writes a configuration for each
// into a temporary directory, and tells on the terminal what comes of it
// while the exporter replays a recorded incident, or watches a cluster.
// Everything listens on the loopback address only and ends with the demo.
//
// The flow: [Main] reads flags and environment, checks ports and programs,
// starts the parts one after the other as each gets ready, and hands over to
// the story, which watches the phones and Alertmanager and says when all is
// clear. A [Cluster] of the demo's own takes the place of the recording in
// the program demo-cluster; it comes from outside, so that the plain demo
// does not have to be built with Kubernetes' client.
package demo
