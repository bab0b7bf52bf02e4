package rule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

func event(eventType, kind, reason, message string) *occurrence.Event {
	return &occurrence.Event{
		Namespace: "shop", Name: "e", Type: eventType, Reason: reason, Message: message, Count: 1,
		Object:    occurrence.Object{Kind: kind, Namespace: "shop", Name: "cart-7dc45b778d-x2x4q"},
		Component: "kubelet", Host: "node-1",
	}
}

func compiled(t testing.TB, c Config, external map[string]string) *Set {
	t.Helper()
	s, err := Compile(c, external)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBuiltin(t *testing.T) {
	set := compiled(t, DefaultConfig(), nil)
	const w, n = "Warning", "Normal"
	for _, tt := range []struct {
		eventType, kind, reason, message string
		rule, severity                   string // rule without prefix; severity "" if dropped
		quiet                            time.Duration
		ends                             string
	}{
		{w, "Pod", "FailedScheduling", "0/2 nodes are available", "scheduling", "warning", 20 * time.Minute, "Scheduled"},
		{w, "Pod", "FailedScheduling", "skip schedule deleting pod: shop/x", "scheduling-deleted-pod", "", 0, ""},
		{w, "Pod", "BackOff", "Back-off restarting failed container", "crash-loop", "warning", time.Hour, "Started"},
		{n, "Pod", "BackOff", "Back-off pulling image", "", "", 0, ""},
		{w, "Pod", "Failed", "Failed to pull image \"x\": rpc error\nmore", "image-pull", "warning", 20 * time.Minute, "Pulled"},
		{w, "Pod", "Failed", "Error: ErrImagePull", "image-pull", "warning", 20 * time.Minute, "Pulled"},
		{w, "Pod", "Failed", "Error: ImagePullBackOff", "image-pull", "warning", 20 * time.Minute, "Pulled"},
		{w, "Pod", "Failed", "Error: configmap \"x\" not found", "container-start", "warning", 20 * time.Minute, "Started"},
		{w, "Pod", "Unhealthy", "Liveness probe failed: HTTP 500", "liveness", "warning", 15 * time.Minute, ""},
		{w, "Pod", "Unhealthy", "Readiness probe failed: HTTP 500", "readiness", "warning", 15 * time.Minute, ""},
		{w, "Pod", "FailedMount", "x", "volume-mount", "warning", 15 * time.Minute, "Pulled"},
		{w, "Pod", "Evicted", "x", "pod-evicted", "warning", 10 * time.Minute, ""},
		{w, "Pod", "OutOfnvidia.com/gpu", "x", "pod-refused", "warning", 10 * time.Minute, ""},
		{w, "Pod", "NodeNotReady", "x", "pod-node-not-ready", "info", 10 * time.Minute, ""},
		{n, "Node", "NodeNotReady", "x", "node-not-ready", "critical", 24 * time.Hour, "NodeReady"},
		{n, "Node", "NodeHasDiskPressure", "x", "node-disk-pressure", "critical", 24 * time.Hour, "NodeHasNoDiskPressure"},
		{n, "Node", "NodeReady", "x", "", "", 0, ""},
		{w, "Node", "SystemOOM", "x", "node-oom", "critical", 15 * time.Minute, ""},
		{w, "Node", "ImageGCFailed", "invalid capacity 0 on image filesystem", "node-image-filesystem", "warning", 20 * time.Minute, ""},
		{w, "Node", "KubeProxyDefaultMode", "x", "advice", "", 0, ""},
		{w, "", "TLSConfigChanged", "x", "certificate-reload", "", 0, ""},
		{w, "ReplicaSet", "FailedCreate", "exceeded quota", "create-failed", "warning", 20 * time.Minute, "SuccessfulCreate"},
		{w, "Job", "BackoffLimitExceeded", "x", "job-failed", "warning", time.Hour, ""},
		{w, "HorizontalPodAutoscaler", "FailedGetResourceMetric", "x", "autoscaler-metric", "warning", 12 * time.Minute, ""},
		{w, "HorizontalPodAutoscaler", "FailedComputeMetricsReplicas", "x", "autoscaler-echo", "", 0, ""},
		{w, "PersistentVolumeClaim", "ClaimLost", "x", "claim-lost", "critical", 24 * time.Hour, ""},
		{n, "Pod", "RELOAD", "x", "", "", 0, ""},
		{w, "Pod", "RELOAD", "x", "ingress-nginx-reload", "warning", 24 * time.Hour, "RELOAD"},
		{w, "Pod", "HighCPUUsage", "x", defaultName, "warning", 20 * time.Minute, ""},
		{n, "Pod", "Scheduled", "x", "", "", 0, ""},
		{"Error", "Pod", "Odd", "x", "", "", 0, ""},
		{"", "Pod", "Odd", "x", "", "", 0, ""},
	} {
		ev := event(tt.eventType, tt.kind, tt.reason, tt.message)
		e := set.Explain(ev)
		if got := strings.TrimPrefix(e.Rule, builtinPrefix); got != tt.rule {
			t.Errorf("%s %s %s %q: rule %q, want %q", tt.eventType, tt.kind, tt.reason, tt.message, got, tt.rule)
			continue
		}
		if e.Labels["severity"] != tt.severity || e.KeepFiringFor != tt.quiet {
			t.Errorf("%s: severity %q quiet %v, want %q %v", tt.rule, e.Labels["severity"], e.KeepFiringFor, tt.severity, tt.quiet)
		}
		if tt.ends != "" && !slices.Contains(e.ResolveOn, tt.ends) || tt.ends == "" && len(e.ResolveOn) > 0 {
			t.Errorf("%s: ends on %v, want %q", tt.rule, e.ResolveOn, tt.ends)
		}
	}
}

func TestBuiltinSeries(t *testing.T) {
	set := compiled(t, DefaultConfig(), nil)
	ev := event("Warning", "Pod", "FailedScheduling", "0/2 nodes are available")
	ev.SeriesRecorder = true
	if q := set.Explain(ev).KeepFiringFor; q != 35*time.Minute {
		t.Errorf("the scheduler's silence ends an alert after %v", q)
	}
	ev = event("Warning", "Pod", "FailedMount", "x") // should its recorder change one day
	ev.SeriesRecorder = true
	if q := set.Explain(ev).KeepFiringFor; q != 35*time.Minute {
		t.Errorf("a series ends after %v", q)
	}
}

// Each shipped rule must say why it is there, and outlast what it waits for.
func TestBuiltinIsSound(t *testing.T) {
	specs, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for i := range specs {
		s := &specs[i]
		r, err := compile(s, s.Name, "workload")
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if s.Name == "" || names[s.Name] || s.Why == "" {
			t.Errorf("%q: no name of its own or no reason", s.Name)
		}
		names[s.Name] = true
		for _, w := range r.warnings() {
			t.Errorf("%s: %s", s.Name, w)
		}
	}
}

func TestBuiltinOff(t *testing.T) {
	c := DefaultConfig()
	c.BuiltinRules = false
	set := compiled(t, c, nil)
	if e := set.Explain(event("Warning", "", "TLSConfigChanged", "x")); e.Rule != defaultName || !e.Alerts {
		t.Errorf("without the shipped rules: %+v", e)
	}
	if e := set.Explain(event("Normal", "Node", "NodeNotReady", "x")); e.Alerts {
		t.Errorf("without the shipped rules: %+v", e)
	}
}
