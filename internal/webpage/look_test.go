package webpage

import (
	"testing"
	"time"
)

// TestAgo: times are rounded as people do.
func TestAgo(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{-time.Second, "now"},
		{90*time.Second + 5, "1m30s ago"},
		{90*time.Minute + time.Second, "1h30m ago"},
		{26*time.Hour + time.Minute, "1d2h ago"},
	} {
		if got := ago(tt.d); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.d, got, tt.want)
		}
	}
}
