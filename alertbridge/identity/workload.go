package identity

import "github.com/kubebark/kubebark/exporter/occurrence"

// Workload returns name without what Kubernetes generated, and name itself
// where the shape is not unmistakable or the kind has no generated names. It is
// what the counters' label workload holds too.
func Workload(kind, name string) string { return occurrence.Workload(kind, name) }
