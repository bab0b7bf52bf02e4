package render

import (
	"maps"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// Sample is a message to try templates on.
type Sample struct {
	Name    string // what people are shown
	Message *webhook.Message
}

// Samples returns messages of every kind.
func Samples(now time.Time) []Sample {
	one := &webhook.Message{Data: sampleData(now), Version: "4", GroupKey: `{}/{source="kubernetes-event"}:{alertname="KubeEventFailedScheduling"}`}
	one.NotificationReason = "first notification"

	mixed := &webhook.Message{Data: sampleData(now), Version: "4", GroupKey: `{}:{namespace="payments"}`}
	mixed.Alerts = append(mixed.Alerts, sampleAlert(now, webhook.Firing, "db", 5*time.Minute), sampleAlert(now, webhook.Resolved, "web", time.Hour))
	mixed.GroupLabels = template.KV{"namespace": "payments"}
	delete(mixed.CommonLabels, "name")
	delete(mixed.CommonAnnotations, "description")
	mixed.NotificationReason = "new alerts added"
	mixed.Sort()

	resolved := &webhook.Message{Data: sampleData(now), Version: "4", GroupKey: one.GroupKey}
	resolved.Status = webhook.Resolved
	resolved.Alerts = template.Alerts{sampleAlert(now, webhook.Resolved, "cart", time.Hour)}
	resolved.NotificationReason = webhook.ReasonAllResolved

	cut := &webhook.Message{Data: sampleData(now), Version: "4", GroupKey: mixed.GroupKey, TruncatedAlerts: 12}
	cut.NotificationReason = webhook.ReasonRepeat
	return []Sample{{"one alert", one}, {"a mixed group", mixed}, {"resolved", resolved}, {"cut by max_alerts", cut}}
}

func sampleData(now time.Time) *template.Data {
	a := sampleAlert(now, webhook.Firing, "cart", 20*time.Minute)
	d := &template.Data{
		Receiver: "sample", Status: webhook.Firing, Alerts: template.Alerts{a},
		GroupLabels:  template.KV{"alertname": a.Labels["alertname"]},
		CommonLabels: template.KV{}, CommonAnnotations: template.KV{}, RouteLabels: template.KV{},
		ExternalURL: "http://alertmanager.example:9093",
	}
	maps.Copy(d.CommonLabels, a.Labels)
	maps.Copy(d.CommonAnnotations, a.Annotations)
	return d
}

func sampleAlert(now time.Time, status, name string, ago time.Duration) template.Alert {
	a := template.Alert{
		Status: status,
		Labels: template.KV{
			"alertname": "KubeEventFailedScheduling", "reason": "FailedScheduling", "source": "kubernetes-event",
			"severity": "warning", "namespace": "payments", "kind": "Pod", "name": name, "cluster": "sample",
		},
		Annotations: template.KV{
			"summary":     "FailedScheduling of payments/" + name,
			"description": "0/3 nodes are available: 3 Insufficient cpu.",
			"object":      "Pod/payments/" + name + "-7dc45b778d-x2x4q",
			"objects":     "3", "count": "12",
			"first_seen": now.Add(-ago).UTC().Format(time.RFC3339), "last_seen": now.UTC().Format(time.RFC3339),
		},
		StartsAt: now.Add(-ago), GeneratorURL: "http://kube-event-exporter.example:10056/alerts",
		Fingerprint: "0123456789abcde" + name[:1],
	}
	if status == webhook.Resolved {
		a.EndsAt = now.Add(-time.Minute)
		a.Annotations["ended_by"] = "quiet for 20m"
	}
	return a
}
