package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/version"
)

const apiPath = "/api/v2/alerts"

// maxAnswer bounds how much of an answer is read: an error's text, or what
// must be read so that the connection can be used again.
const maxAnswer = 64 << 10

// endpoint is where and how a sender posts.
type endpoint struct {
	url     string // of the Alertmanager, without the API's path
	host    string // Host header where the address is not the name; else ""
	user    *url.Userinfo
	client  *http.Client
	timeout time.Duration
}

func newClient(e *entry) (*http.Client, error) {
	cfg := e.http
	if e.lookup == lookupHost && cfg.TLSConfig.ServerName == "" {
		cfg.TLSConfig.ServerName = e.url.Hostname() // we connect to an address
	}
	c, err := config.NewClientFromConfig(cfg, "alertmanager")
	if err != nil {
		return nil, fmt.Errorf("set up the client for %s: %w", e.url.Redacted(), err)
	}
	return c, nil
}

// refusal is an answer that says that a request will not do, however often it
// is sent.
type refusal struct {
	status int
	text   string
	// stored tells that the Alertmanager kept those alerts that it found good.
	stored bool
}

func (r *refusal) Error() string {
	return fmt.Sprintf("refused with status %d: %s", r.status, r.text)
}

// post sends the alerts. The error is a *refusal where another try is in vain.
func (e *endpoint) post(ctx context.Context, as []Alert) error {
	body, err := encode(as)
	if err != nil {
		return &refusal{text: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	req, err := e.request(ctx, http.MethodPost, apiPath, bytes.NewReader(body))
	if err != nil {
		return &refusal{text: err.Error()}
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", withoutURL(err))
	}
	return judge(resp, answer)
}

func (e *endpoint) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.url+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "kube-event-exporter/"+version.Version)
	if e.host != "" {
		req.Host = e.host
	}
	if e.user != nil {
		pass, _ := e.user.Password()
		req.SetBasicAuth(e.user.Username(), pass)
	}
	return req, nil
}

// withoutURL takes the URL off the error: the log names the Alertmanager anyway.
func withoutURL(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}

func judge(resp *http.Response, answer []byte) error {
	text := strings.ToValidUTF8(strings.TrimSpace(string(answer)), "?")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	switch s := resp.StatusCode; {
	case s/100 == 2 && resp.Request.Method != http.MethodPost:
		// A login page, say. Nothing was delivered.
		return errors.New("a redirect turned the request into a GET; name the address that takes it")
	case s/100 == 2:
		return nil
	case s == http.StatusBadRequest:
		// A JSON string tells of single alerts, the good ones are stored then;
		// an object tells of the request as a whole.
		return &refusal{status: s, text: text, stored: strings.HasPrefix(text, `"`)}
	case s == http.StatusUnprocessableEntity, s == http.StatusRequestEntityTooLarge:
		return &refusal{status: s, text: text}
	default:
		return fmt.Errorf("status %d: %s", s, text)
	}
}
