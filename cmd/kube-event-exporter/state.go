package main

import (
	"os"

	"github.com/kubebark/kubebark/exporter/checkpoint"
)

// countsOwner is whose the counts in the state file are: of this cluster and of
// what Prometheus scrapes, which is the pod, where the manifests tell its UID, or
// else the host.
func (s *service) countsOwner() checkpoint.Owner {
	target := os.Getenv("POD_UID")
	if target == "" {
		if host, err := os.Hostname(); err == nil {
			target = host
		}
	}
	return checkpoint.Owner{Cluster: s.cluster, Target: target, Shard: s.shard.String()}
}

// alertsOwner is whose the alerts in the file beside it are: of another part of
// the cluster they would never end here.
func (s *service) alertsOwner() string {
	if s.shard.Whole() {
		return s.cluster
	}
	return s.cluster + " " + s.shard.String()
}
