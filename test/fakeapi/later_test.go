package fakeapi

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestSaysLater: a list in pages says a later version than its first page is of on
// kine, and on the fake that is to be like it; on etcd it does not. Should kine no
// longer do so, then docs/scaling.md is to say it.
func TestSaysLater(t *testing.T) {
	t.Parallel()
	if saysLater(t, fakeServer(t), 300*time.Millisecond) {
		t.Error("the fake said a later version unasked")
	}
	late := fakeServer(t)
	late.fake.SayLater(20 * time.Millisecond)
	if !saysLater(t, late, time.Minute) {
		t.Error("the fake said no later version")
	}
	t.Run("etcd", func(t *testing.T) {
		t.Parallel()
		if saysLater(t, realServer(t, testbed.Options{}), 2*time.Second) {
			t.Error("etcd said a later version")
		}
	})
	t.Run("kine", func(t *testing.T) {
		t.Parallel()
		if !saysLater(t, realServer(t, testbed.Options{Kine: true}), time.Minute) {
			t.Error("kine said no later version")
		}
	})
}

// saysLater lists while an event of the first page is written without pause, and
// tells whether a list was of a later version than one of those writes that it
// does not show.
func saysLater(t *testing.T, s server, limit time.Duration) bool {
	t.Helper()
	client, err := kubernetes.NewForConfig(s.config)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.create(event("shop", "a", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b", "c"} {
		if _, err := s.create(event("shop", name, 1)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var written sync.Map // the version that each write has replaced, by its own
	wg.Go(func() {
		for ctx.Err() == nil {
			old := e.ResourceVersion
			e.Count++
			if e, err = s.update(e); err != nil {
				t.Error(err)
				return
			}
			written.Store(e.ResourceVersion, old)
		}
	})
	shown := make(map[string]int) // by the version of the event, that of its list
	for ctx.Err() == nil {
		l, err := client.CoreV1().Events("shop").List(t.Context(), metav1.ListOptions{Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		said, err := strconv.Atoi(l.ResourceVersion)
		if err != nil {
			t.Fatal(err)
		}
		shown[l.Items[0].ResourceVersion] = said
		later := false
		written.Range(func(version, old any) bool {
			v, err := strconv.Atoi(version.(string))
			later = err == nil && v <= shown[old.(string)]
			return !later
		})
		if later {
			return true
		}
	}
	return false
}
