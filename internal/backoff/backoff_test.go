package backoff

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestNext(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 5 * time.Second}
	for i, want := range []time.Duration{1, 2, 4, 5, 5} {
		want *= time.Second
		if d := b.Next(); d < want/2 || d > want {
			t.Errorf("try %d: wait %s, want from %s to %s", i, d, want/2, want)
		}
	}
	b.Reset()
	if d := b.Next(); d > time.Second {
		t.Errorf("after a reset: wait %s", d)
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := Sleep(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}
