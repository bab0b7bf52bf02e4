package silence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/config"
)

const (
	maxAnswer  = 64 << 20
	apiTimeout = 15 * time.Second
)

// alertmanager is the part of Alertmanager's API that silences need.
type alertmanager struct {
	base string
	http *http.Client
}

func newAlertmanager(base string, c config.HTTPClientConfig) (*alertmanager, error) {
	client, err := config.NewClientFromConfig(c, "alertmanager")
	if err != nil {
		return nil, fmt.Errorf("HTTP client for %s: %w", base, err)
	}
	return &alertmanager{base: strings.TrimSuffix(base, "/"), http: client}, nil
}

type apiAlert struct {
	Fingerprint  string            `json:"fingerprint"`
	Labels       labels            `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	GeneratorURL string            `json:"generatorURL"`
}

type apiMatcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

type apiSilence struct {
	ID        string       `json:"id,omitempty"`
	Matchers  []apiMatcher `json:"matchers"`
	StartsAt  time.Time    `json:"startsAt"`
	EndsAt    time.Time    `json:"endsAt"`
	CreatedBy string       `json:"createdBy"`
	Comment   string       `json:"comment"`
}

// alerts returns the alerts that fire and are not silenced.
func (a *alertmanager) alerts(ctx context.Context) ([]apiAlert, error) {
	var all []apiAlert
	err := a.call(ctx, http.MethodGet, "/api/v2/alerts?active=true&silenced=false&inhibited=true&unprocessed=true", nil, &all)
	return all, err
}

// used tells whether a silence, maybe one that is over, has the text in its
// comment.
func (a *alertmanager) used(ctx context.Context, text string) (bool, error) {
	var all []apiSilence
	if err := a.call(ctx, http.MethodGet, "/api/v2/silences", nil, &all); err != nil {
		return false, err
	}
	for _, s := range all {
		if strings.Contains(s.Comment, text) {
			return true, nil
		}
	}
	return false, nil
}

func (a *alertmanager) create(ctx context.Context, s *apiSilence) (id string, err error) {
	var out struct {
		ID string `json:"silenceID"`
	}
	err = a.call(ctx, http.MethodPost, "/api/v2/silences", s, &out)
	if err == nil && out.ID == "" {
		err = errors.New("the answer has no silenceID")
	}
	return out.ID, err
}

func (a *alertmanager) expire(ctx context.Context, id string) error {
	return a.call(ctx, http.MethodDelete, "/api/v2/silence/"+url.PathEscape(id), nil, nil)
}

func (a *alertmanager) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return fmt.Errorf("encode: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, &body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: HTTP %d: %.200q", method, path, resp.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("decode answer to %s: %w", path, err)
	}
	return nil
}
