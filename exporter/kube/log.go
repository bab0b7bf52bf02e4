package kube

import (
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// SetLogger leads what the Kubernetes libraries log into l. They have one
// logger for the whole process, so main calls it, once.
func SetLogger(l *slog.Logger) {
	klog.SetLogger(logr.FromSlogHandler(l.With("component", "client-go").Handler()))
}
