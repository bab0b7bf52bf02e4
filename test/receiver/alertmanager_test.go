package receiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/kubebark/kubebark/test/testbed"
)

// routing is a configuration of Alertmanager that tells a webhook of each
// alertname by itself, and soon.
func routing(webhook string) string {
	return fmt.Sprintf(`
route: {receiver: oncall, group_by: [alertname], group_wait: 50ms, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: oncall, webhook_configs: [{url: '%s'}]}]
`, webhook)
}

// alertmanager starts a real one.
func (d *desk) alertmanager(config string, args ...string) string {
	d.t.Helper()
	s, err := testbed.StartAlertmanager(d.ctx, config, testbed.ServerOptions{Args: args})
	d.must(err)
	d.t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			d.t.Error(err)
		}
	})
	return s.URL()
}

type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt,omitzero"`
	EndsAt      time.Time         `json:"endsAt,omitzero"`
}

// down is an alert about a pod.
func down(name, pod string) alert {
	return alert{
		Labels:      map[string]string{"alertname": name, "namespace": "shop", "pod": pod, "severity": "warning"},
		Annotations: map[string]string{"summary": pod + " is down"},
	}
}

// fire posts alerts to each Alertmanager.
func (d *desk) fire(ams []string, alerts ...alert) {
	d.t.Helper()
	body, err := json.Marshal(alerts)
	d.must(err)
	for _, am := range ams {
		code, text, err := call(d.ctx, http.MethodPost, am+"/api/v2/alerts", string(body))
		if err != nil || code != http.StatusOK {
			d.t.Fatal(code, text, err)
		}
	}
}

// over ends an alert at each Alertmanager.
func (d *desk) over(ams []string, a alert) {
	d.t.Helper()
	a.EndsAt = time.Now().Add(-time.Second)
	a.StartsAt = a.EndsAt.Add(-time.Minute)
	d.fire(ams, a)
}
