package deploy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/phone"
)

const webhook = `{"version":"4","groupKey":"{}:{alertname=\"A\"}","status":"firing","receiver":"oncall","groupLabels":{},"commonLabels":{},
"commonAnnotations":{},"alerts":[{"status":"firing","labels":{"alertname":"A"},"annotations":{},"startsAt":"2026-11-25T00:00:00Z","fingerprint":"f"}]}`

// TestKeyRotation: the receiver runs as its Deployment says, with keys from a
// Secret, and takes up the Secret's next version without a restart.
func TestKeyRotation(t *testing.T) {
	phones := phone.New(phone.Options{})
	before := phones.AddDevice(phone.DeviceOptions{Name: "before", Key: "OldKeyOldKeyOldKeyOld1"})
	after := phones.AddDevice(phone.DeviceOptions{Name: "after", Key: "NewKeyNewKeyNewKeyNew2"})
	bark := httptest.NewServer(phones)
	t.Cleanup(func() { phones.Close(); bark.Close() })

	all := variant{}.kustomized(t)
	config := deployedConfig(t, all, "alertmanager-bark", "receiver.yml") + "bark: {server_url: " + bark.URL + "}\ndedup_window: 0s\n"
	p := start(t, all, "alertmanager-bark", map[string]map[string]string{
		"config": {"receiver.yml": config},
		"keys":   {"alice": before.Key() + "\n"},
	})
	p.isReady()
	p.post(webhook)
	if got := len(before.State().Notifications); got != 1 {
		t.Fatalf("%d notifications with the key that is mounted at first", got)
	}
	p.mount("keys", map[string]string{"alice": after.Key() + "\n"})
	p.eventually("the new key is used", func() (bool, error) {
		p.post(strings.ReplaceAll(webhook, `\"A\"`, `\"B\"`))
		return len(after.State().Notifications) > 0, nil
	})
	if !p.Running() {
		t.Error("it has ended")
	}
	if log := p.Logs(); strings.Contains(log, before.Key()) || strings.Contains(log, after.Key()) {
		t.Error("a key is in the log")
	}
}

// deployedConfig is a configuration file as the manifests have it.
func deployedConfig(t *testing.T, all objects, name, file string) string {
	t.Helper()
	var cm corev1.ConfigMap
	into(t, all["ConfigMap kubebark/"+name], &cm)
	if cm.Data[file] == "" {
		t.Fatalf("no %s in the ConfigMap %s", file, name)
	}
	return cm.Data[file]
}

// post sends a webhook.
func (p *pod) post(body string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/webhook", strings.NewReader(body))
	must(p.t, err)
	resp, err := http.DefaultClient.Do(req)
	must(p.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	must(p.t, err)
	if resp.StatusCode != http.StatusOK {
		p.t.Fatalf("the webhook is answered with %s: %s", resp.Status, answer)
	}
}
