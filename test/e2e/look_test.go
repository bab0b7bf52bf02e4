package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/test/alertmanager"
	"github.com/kubebark/kubebark/test/phone"
	"github.com/kubebark/kubebark/test/testbed"
)

// version is a version of Alertmanager to test against.
type version struct {
	name  string
	start func(t *testing.T, config string) (url string)
}

// alertmanagers are the versions that can be had: a whole program, and the
// newest one's own packages.
func alertmanagers() []version {
	return []version{{"0.31.1", startProgram}, {"0.34.2", startPackages}}
}

func startProgram(t *testing.T, config string) string {
	t.Helper()
	s, err := testbed.StartAlertmanager(t.Context(), config, testbed.ServerOptions{Port: quietPort(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s.URL()
}

func startPackages(t *testing.T, config string) string {
	t.Helper()
	a, err := alertmanager.Start(t.Context(), config, alertmanager.Options{Port: quietPort(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a.URL()
}

func do(req *http.Request) (int, string, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// metric returns the sum of a program's samples of that name that have all of
// the labels, each as name=value.
func (w *world) metric(p program, name string, labels ...string) float64 {
	w.t.Helper()
	_, body, err := testbed.Get(w.ctx, p.url+"/metrics")
	w.must(err)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	mfs, err := parser.TextToMetricFamilies(strings.NewReader(body))
	w.must(err)
	sum := 0.0
	for _, m := range mfs[name].GetMetric() {
		have := make(map[string]bool)
		for _, l := range m.GetLabel() {
			have[l.GetName()+"="+l.GetValue()] = true
		}
		all := true
		for _, l := range labels {
			all = all && have[l]
		}
		if all {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// counts waits until the counter of a reason in the world's namespace has the
// value, and is that long after.
func (w *world) counts(reason string, want float64) {
	w.t.Helper()
	last := -1.0
	w.eventually(fmt.Sprintf("%s counts %v", reason, want), func() (bool, error) {
		last = w.metric(w.exporter, "kube_event_occurrences_total", "reason="+reason, "namespace="+w.ns)
		return last == want, fmt.Errorf("it is %v", last)
	})
}

// alert is one of Alertmanager's.
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Status       struct {
		State       string   `json:"state"`
		SilencedBy  []string `json:"silencedBy"`
		InhibitedBy []string `json:"inhibitedBy"`
	} `json:"status"`
}

// alerts returns Alertmanager's alerts of a reason.
func (w *world) alerts(reason string) []alert {
	w.t.Helper()
	_, body, err := testbed.Get(w.ctx, w.am+"/api/v2/alerts?filter=reason%3D%22"+reason+"%22")
	w.must(err)
	var as []alert
	if err := json.Unmarshal([]byte(body), &as); err != nil {
		w.t.Fatalf("alerts: %v: %s", err, body)
	}
	return as
}

// alert waits for the one alert of a reason.
func (w *world) alert(reason string) alert {
	w.t.Helper()
	var as []alert
	w.eventually("Alertmanager has an alert of "+reason, func() (bool, error) {
		as = w.alerts(reason)
		return len(as) == 1, fmt.Errorf("it has %d", len(as))
	})
	return as[0]
}

func (w *world) post(path string, body any) {
	w.t.Helper()
	b, err := json.Marshal(body)
	w.must(err)
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.am+path, bytes.NewReader(b))
	w.must(err)
	req.Header.Set("Content-Type", "application/json")
	code, answer, err := do(req)
	w.must(err)
	if code != http.StatusOK {
		w.t.Fatalf("POST %s: %d %s", path, code, answer)
	}
}

// push waits until a phone shows a notification that contains all the texts
// and returns it.
func (w *world) push(d *phone.Device, texts ...string) phone.Notification {
	w.t.Helper()
	var found phone.Notification
	ctx, cancel := context.WithTimeout(w.ctx, 90*time.Second)
	defer cancel()
	s, err := d.Wait(ctx, func(s phone.State) bool {
		for _, n := range s.Notifications {
			if contains(n, texts) {
				found = n
				return true
			}
		}
		return false
	})
	if err != nil {
		w.t.Fatalf("no push on %s's phone with %q; it shows %+v", d.Name(), texts, s.Notifications)
	}
	return found
}

func contains(n phone.Notification, texts []string) bool {
	all := n.Title + "\n" + n.Subtitle + "\n" + n.Body
	for _, t := range texts {
		if !strings.Contains(all, t) {
			return false
		}
	}
	return true
}
