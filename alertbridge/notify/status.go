package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// maxStatus bounds how much of an answer about all alerts is read.
const maxStatus = 32 << 20

// Status is what an Alertmanager makes of an alert.
type Status struct {
	State       string   // active, suppressed or unprocessed
	SilencedBy  []string // IDs of silences
	InhibitedBy []string // fingerprints of alerts
	Receivers   []string
}

// Statuses asks the Alertmanagers, one after another until one answers, what
// they make of the alerts that have the label. Keys are fingerprints.
func (n *Notifier) Statuses(ctx context.Context, label, value string) (map[string]Status, error) {
	n.mu.Lock()
	var eps []*endpoint
	for _, name := range slices.Sorted(maps.Keys(n.senders)) {
		eps = append(eps, n.senders[name].endpoint.Load())
	}
	n.mu.Unlock()
	err := errors.New("no Alertmanager is configured")
	for _, ep := range eps {
		var ss map[string]Status
		if ss, err = ep.statuses(ctx, label, value); err == nil {
			return ss, nil
		}
	}
	return nil, err
}

func (e *endpoint) statuses(ctx context.Context, label, value string) (map[string]Status, error) {
	q := url.Values{"filter": {label + `="` + value + `"`}}
	req, err := e.request(ctx, http.MethodGet, apiPath+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	var as []struct {
		Fingerprint string
		Status      struct {
			State       string
			SilencedBy  []string
			InhibitedBy []string
		}
		Receivers []struct{ Name string }
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxStatus)).Decode(&as); err != nil {
		return nil, fmt.Errorf("read the answer: %w", withoutURL(err))
	}
	ss := make(map[string]Status, len(as))
	for _, a := range as {
		s := Status{State: a.Status.State, SilencedBy: a.Status.SilencedBy, InhibitedBy: a.Status.InhibitedBy}
		for _, r := range a.Receivers {
			s.Receivers = append(s.Receivers, r.Name)
		}
		ss[a.Fingerprint] = s
	}
	return ss, nil
}
