package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

const maxAnswer = 1 << 20

// reply is bark-server's envelope.
type reply struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    []struct {
		Code    int    `json:"code"`
		Key     string `json:"device_key"`
		Message string `json:"message"`
	} `json:"data"`

	status int
	header http.Header
}

// send sends one request for all devices. ok is false when it was a batch and
// the server refused it as such.
func (c *Client) send(ctx context.Context, p *Params, devices []Key) (rs []Result, ok bool) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		r := Result{Outcome: Retry, Held: true, Detail: "gave up waiting for a free connection"}
		return slices.Repeat([]Result{r}, len(devices)), true
	}
	if r, failing := c.pauses.failing(time.Now()); failing {
		return slices.Repeat([]Result{r}, len(devices)), true // since this one began to wait
	}
	rs = make([]Result, len(devices))
	rep, err := c.post(ctx, p, devices)
	if err != nil {
		a := answer{outcome: Retry, scope: ofServer}
		if errors.Is(err, context.Canceled) {
			a.scope = ofMessage // ours, it says nothing of the server
		} else {
			c.up.Set(0)
		}
		for i := range rs {
			rs[i] = c.result(a, redact(err.Error(), devices), 0, devices[i])
		}
		return rs, true
	}
	if rep.status == http.StatusOK && len(devices) > 1 {
		c.setUp(true)
		c.readItems(rep, devices, rs)
		return rs, true
	}
	a := classify(rep.status, rep.Message)
	if rep.status == http.StatusOK && rep.Code != http.StatusOK {
		a, rep.Message = answer{outcome: Retry, scope: ofServer}, "the answer is not bark-server's"
	}
	c.setUp(a.outcome != Retry || a.scope != ofServer)
	if len(devices) > 1 && a.outcome == Refused {
		c.learnBatch(a)
		return nil, false
	}
	detail := ""
	if a.outcome != Delivered {
		detail = redact(fmt.Sprintf("HTTP %d: %s", rep.status, rep.Message), devices)
	}
	after := retryAfter(rep.header, time.Now())
	for i := range rs {
		rs[i] = c.result(a, detail, after, devices[i])
	}
	return rs, true
}

// readItems reads a batch's answer, which has an item for each key in the
// order of the request.
func (c *Client) readItems(rep *reply, devices []Key, rs []Result) {
	for i, k := range devices {
		if i >= len(rep.Data) || rep.Data[i].Key != "" && rep.Data[i].Key != string(k) {
			a := answer{outcome: Retry, scope: ofDevice}
			rs[i] = c.result(a, "the server's answer says nothing of this device", 0, k)
			continue
		}
		item := rep.Data[i]
		detail := ""
		if item.Code != http.StatusOK {
			detail = redact(fmt.Sprintf("%d: %s", item.Code, item.Message), devices)
		}
		rs[i] = c.result(classify(item.Code, item.Message), detail, 0, k)
	}
}

func (c *Client) result(a answer, detail string, after time.Duration, k Key) Result {
	r := Result{Outcome: a.outcome, TooLarge: a.tooLarge, Detail: detail}
	c.pauses.note(k, a, r, after, time.Now())
	return r
}

// learnBatch remembers how many keys the server takes at once.
func (c *Client) learnBatch(a answer) {
	switch {
	case a.noBatch:
		c.batch.Store(1)
	case a.batch > 0:
		c.batch.Store(int64(min(a.batch, maxBatch)))
	}
}

func (c *Client) post(ctx context.Context, p *Params, devices []Key) (*reply, error) {
	body, err := json.Marshal(newRequest(p, devices))
	if err != nil {
		return nil, fmt.Errorf("encode push: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+"/push", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	start := time.Now()
	resp, err := c.http.Do(req)
	c.duration.Observe(time.Since(start).Seconds())
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return readReply(resp)
}

func newRequest(p *Params, devices []Key) request {
	r := request{Params: *p}
	if len(devices) == 1 {
		r.DeviceKey = string(devices[0])
		return r
	}
	for _, k := range devices {
		r.DeviceKeys = append(r.DeviceKeys, string(k))
	}
	return r
}

func readReply(resp *http.Response) (*reply, error) {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	rep := new(reply)
	if json.Unmarshal(text, rep) != nil {
		*rep = reply{Message: string(text)} // of a proxy, or 418
	}
	rep.status, rep.header = resp.StatusCode, resp.Header
	if loc := resp.Header.Get("Location"); loc != "" && resp.StatusCode/100 == 3 {
		rep.Message = "a redirect to " + loc + "; use that as server_url"
	}
	return rep, nil
}
