package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Compact has etcd forget all history, now: whoever watches from an earlier
// version and is not connected is told 410 when it comes back.
func (cp *ControlPlane) Compact(ctx context.Context) error {
	var now struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	err := cp.etcd.call(ctx, "range", `{"key":"AA==","limit":"1"}`, &now)
	if err == nil {
		err = cp.etcd.call(ctx, "compaction", fmt.Sprintf(`{"revision":%q}`, now.Header.Revision), nil)
	}
	if err != nil {
		return fmt.Errorf("compact etcd: %w", err)
	}
	return nil
}

// call calls a method of etcd's key-value service through its gateway.
func (e *etcd) call(ctx context.Context, method, request string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url()+"/v3/kv/"+method, bytes.NewReader([]byte(request)))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s: %s", resp.Status, body)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(body, answer)
}
