package testbed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/testbed"
)

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestAlertmanager(t *testing.T) {
	ctx := limited(t)
	am, err := testbed.StartAlertmanager(ctx, "route: {receiver: none}\nreceivers: [{name: none}]\n", testbed.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Attach(t, am)
	defer http.DefaultClient.CloseIdleConnections()

	post(ctx, t, am.URL()+"/api/v2/alerts", `[{"labels": {"alertname": "Probe"}}]`)
	var alerts []struct{ Labels map[string]string }
	get(ctx, t, am.URL()+"/api/v2/alerts", &alerts)
	if len(alerts) != 1 || alerts[0].Labels["alertname"] != "Probe" {
		t.Errorf("alerts = %v, want the one that was posted", alerts)
	}
}

func TestAlertmanagerWithBadConfiguration(t *testing.T) {
	dir := t.TempDir()
	_, err := testbed.StartAlertmanager(limited(t), "nonsense: true\n", testbed.ServerOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "field nonsense not found") {
		t.Errorf("error = %v; want it to quote the log", err)
	}
}

func TestPrometheus(t *testing.T) {
	ctx := limited(t)
	prom, err := testbed.StartPrometheus(ctx, "global: {scrape_interval: 1s}\n", testbed.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Attach(t, prom)
	defer http.DefaultClient.CloseIdleConnections()

	got, err := prom.Query(ctx, `vector(2) + 40`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]testbed.Sample{{Labels: map[string]string{}, Value: 42}}, got); diff != "" {
		t.Errorf("vector (-want +got):\n%s", diff)
	}
	if got, err = prom.Query(ctx, `scalar(vector(7))`); err != nil || len(got) != 1 || got[0].Value != 7 {
		t.Errorf("scalar = %v, %v; want 7", got, err)
	}
	if _, err := prom.Query(ctx, `sum(`); err == nil || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("error of a bad query = %v", err)
	}
}

func TestServerOnTakenPort(t *testing.T) {
	ctx := limited(t)
	const config = "route: {receiver: none}\nreceivers: [{name: none}]\n"
	am, err := testbed.StartAlertmanager(ctx, config, testbed.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	testbed.Attach(t, am)
	defer http.DefaultClient.CloseIdleConnections()
	var port int
	if _, err := fmt.Sscanf(am.URL(), "http://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	_, err = testbed.StartAlertmanager(ctx, config, testbed.ServerOptions{Port: port})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error = %v", err)
	}
}

func TestMissingBinary(t *testing.T) {
	_, err := testbed.Binary(t.TempDir(), "etcd")
	if err == nil || !strings.Contains(err.Error(), "make parts-cluster") {
		t.Errorf("error = %v; want it to name the make target", err)
	}
}

func TestBinaryElsewhere(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("KUBEBARK_BIN", dir)
	if err := os.WriteFile(dir+"/amtool", nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := testbed.Binary("", "amtool"); err != nil || got != dir+"/amtool" {
		t.Errorf("Binary() = %q, %v", got, err)
	}
}

func post(ctx context.Context, t *testing.T, url, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	do(t, req, nil)
}

func get(ctx context.Context, t *testing.T, url string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	do(t, req, into)
}

func do(t *testing.T, req *http.Request, into any) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", req.URL, resp.Status)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
