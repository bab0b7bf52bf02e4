package troubles

import (
	"fmt"
	"net/http"
	"testing"
)

func TestHealth(t *testing.T) {
	h, err := newHealth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, tt := range []struct {
		well bool
		want int
	}{
		{true, http.StatusOK},
		{false, http.StatusServiceUnavailable},
		{true, http.StatusOK},
	} {
		h.set(tt.well)
		resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/ready", h.port))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("well %v: status %d, want %d", tt.well, resp.StatusCode, tt.want)
		}
	}
}
