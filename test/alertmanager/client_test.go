package alertmanager_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// A client speaks to an Alertmanager's API.
type client struct {
	url string
}

// call sends a request and reads the JSON of its answer into out, if there is
// one to be read into.
func (c client) call(t *testing.T, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, answer)
	}
}

type labels map[string]string

func named(name string) labels { return labels{"alertname": name, "namespace": "shop"} }

type alert struct {
	Labels      labels            `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	StartsAt    *time.Time        `json:"startsAt,omitempty"`
	EndsAt      *time.Time        `json:"endsAt,omitempty"`
}

func (c client) fire(t *testing.T, names ...string) {
	t.Helper()
	var alerts []alert
	for _, n := range names {
		alerts = append(alerts, alert{Labels: named(n), Annotations: map[string]string{"summary": n + " is on"}})
	}
	c.call(t, http.MethodPost, "/api/v2/alerts", alerts, nil)
}

func (c client) resolve(t *testing.T, name string) {
	t.Helper()
	now := time.Now()
	c.call(t, http.MethodPost, "/api/v2/alerts", []alert{{Labels: named(name), EndsAt: &now}}, nil)
}

// silence silences an alert and returns the silence's ID.
func (c client) silence(t *testing.T, name string) string {
	t.Helper()
	type matcher struct {
		Name    string `json:"name"`
		Value   string `json:"value"`
		IsRegex bool   `json:"isRegex"`
	}
	var made struct {
		ID string `json:"silenceID"`
	}
	c.call(t, http.MethodPost, "/api/v2/silences", map[string]any{
		"matchers":  []matcher{{Name: "alertname", Value: name}},
		"startsAt":  time.Now(),
		"endsAt":    time.Now().Add(time.Hour),
		"createdBy": "test",
		"comment":   "quiet",
	}, &made)
	return made.ID
}

// waitMuted waits until a group has the alert and it is muted.
func (c client) waitMuted(t *testing.T, name string) (status muting) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; time.Now().Before(deadline); <-tick.C {
		var groups []struct {
			Alerts []struct {
				Labels labels `json:"labels"`
				Status muting `json:"status"`
			} `json:"alerts"`
		}
		c.call(t, http.MethodGet, "/api/v2/alerts/groups", nil, &groups)
		for _, g := range groups {
			for _, a := range g.Alerts {
				if a.Labels["alertname"] == name && a.Status.State == "suppressed" {
					return a.Status
				}
			}
		}
	}
	t.Fatalf("%s is in no group or not muted", name)
	return muting{}
}

type muting struct {
	State       string   `json:"state"`
	SilencedBy  []string `json:"silencedBy"`
	InhibitedBy []string `json:"inhibitedBy"`
	MutedBy     []string `json:"mutedBy"` // time intervals
}
