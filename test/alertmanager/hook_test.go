package alertmanager_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// limit is how long a test waits for what must come, on a machine however busy.
const limit = time.Minute

// A hook takes what an Alertmanager sends.
type hook struct {
	URL    string
	bodies chan []byte
}

func newHook(t *testing.T) *hook {
	h := &hook{bodies: make(chan []byte, 100)}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read notification: %v", err)
		}
		h.bodies <- body
	}))
	t.Cleanup(srv.Close)
	h.URL = srv.URL
	return h
}

func (h *hook) body(t *testing.T) []byte {
	t.Helper()
	select {
	case b := <-h.bodies:
		return b
	case <-time.After(limit):
		t.Fatal("no notification came")
		return nil
	}
}

// next returns the next message as alertmanager-bark reads it.
func (h *hook) next(t *testing.T) *webhook.Message {
	t.Helper()
	body := h.body(t)
	m, err := webhook.Decode(body)
	if err != nil {
		t.Fatalf("decode notification: %v\n%s", err, body)
	}
	return m
}

// until reads messages until one has the line in its summary, which it returns.
func (h *hook) until(t *testing.T, line string) []string {
	t.Helper()
	for {
		if got := summary(h.next(t)); slices.Contains(got, line) {
			return got
		}
	}
}

// summary says in one line each of what a message tells.
func summary(m *webhook.Message) []string {
	lines := []string{m.Status + ": " + m.NotificationReason}
	for _, a := range m.Alerts {
		lines = append(lines, a.Status+" "+a.Labels["alertname"])
	}
	slices.Sort(lines[1:])
	return lines
}
