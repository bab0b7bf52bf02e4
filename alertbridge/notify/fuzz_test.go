package notify

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// canned answers everything alike, without a network.
type canned struct {
	status int
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Body: io.NopCloser(bytes.NewReader(c.body)), Request: r}, nil
}

// FuzzAnswer: whatever an Alertmanager answers, an alert is sent or there is a
// short reason why not.
func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`[{"fingerprint":"f1","status":{"state":"suppressed","silencedBy":["s"]},"receivers":[{"name":"oncall"}]}]`))
	f.Add(400, []byte(`"start time must be before end time"`))
	f.Add(400, []byte(`{"code":601,"message":"x"}`))
	f.Add(503, []byte(strings.Repeat("汉", 200)))
	f.Add(302, []byte("[null]"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := &endpoint{url: "http://127.0.0.1:1", client: &http.Client{Transport: canned{status, body}}, timeout: time.Minute}
		err := e.post(t.Context(), []Alert{alert("A")})
		if (err == nil) != (status/100 == 2) {
			t.Errorf("status %d: %v", status, err)
		}
		if err != nil && (len(err.Error()) > 500 || !utf8.ValidString(err.Error())) {
			t.Errorf("status %d: an error of %d bytes: %q", status, len(err.Error()), err)
		}
		if r, ok := errors.AsType[*refusal](err); ok && r.stored && status != http.StatusBadRequest {
			t.Errorf("status %d: some were stored", status)
		}
		if ss, err := e.statuses(t.Context(), "source", "x"); err == nil && ss == nil {
			t.Error("neither an error nor an answer")
		}
	})
}
