package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	readyLimit = time.Minute
	readyPoll  = 100 * time.Millisecond
	patience   = 3 * time.Second // between two words on what is being waited for
)

// await waits until a part says that it is ready, and tells of it if that
// takes long.
func (d *demo) await(ctx context.Context, p *process, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	poll, word := time.NewTicker(readyPoll), time.NewTicker(patience)
	defer poll.Stop()
	defer word.Stop()
	begin := time.Now()
	for {
		_, err := get(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-poll.C:
		case <-word.C:
			d.tell.line("waiting for %s to get ready, for %s so far: %v", p.name, time.Since(begin).Round(time.Second), err)
		case <-p.done:
			return p.died()
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("%s is not ready after %s (%w); its last lines:\n%s", p.name, readyLimit, err, p.tail())
			}
			return ctx.Err()
		}
	}
}

// get fetches a page of one of the demo's parts.
func get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", res.Status, short(string(b), 200))
	}
	return b, nil
}

// alert is one of Alertmanager's.
type alert struct {
	Labels map[string]string `json:"labels"`
	EndsAt time.Time         `json:"endsAt"`
}

// firing asks Alertmanager for the alerts that are firing now.
func (d *demo) firing(ctx context.Context) ([]alert, error) {
	b, err := get(ctx, d.o.url(partAlertmanager, "/api/v2/alerts"))
	if err != nil {
		return nil, fmt.Errorf("ask Alertmanager: %w", err)
	}
	var all []alert
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("ask Alertmanager: %w", err)
	}
	return all, nil
}
