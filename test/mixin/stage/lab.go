package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/test/fakeapi"
)

const (
	labEvery   = 400 * time.Millisecond // from event to event
	labReasons = 6                      // more than have a series
	labForget  = 8                      // after so many events the watch must list again
)

// lab is the API server that makes trouble.
type lab struct {
	store  *fakeapi.Store
	server *fakeapi.Server
	done   chan struct{}
	cancel context.CancelFunc
}

// newLab starts an API server in which something happens all the time.
func newLab() (*lab, error) {
	l := &lab{store: fakeapi.NewStore(fakeapi.StoreOptions{}), done: make(chan struct{})}
	var err error
	if l.server, err = fakeapi.Serve(l.store, 0); err != nil {
		return nil, fmt.Errorf("serve events: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go l.live(ctx)
	return l, nil
}

func (l *lab) stop() error {
	l.cancel()
	<-l.done
	if err := l.server.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil // the listener was closed a moment before
}

func (l *lab) live(ctx context.Context) {
	defer close(l.done)
	tick := time.NewTicker(labEvery)
	defer tick.Stop()
	for i := 1; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, _ = l.store.Create(labEvent(i)) // one whose name is new is taken
		if i%labForget == 0 {
			l.server.Interrupt(fakeapi.Expired())
		}
	}
}

func labEvent(i int) *corev1.Event {
	now := metav1.Now()
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "lab", Name: fmt.Sprintf("probe-%d.%x", i, now.UnixNano())},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: "lab", Name: fmt.Sprintf("probe-%d", i%labReasons)},
		Type:           corev1.EventTypeWarning, Reason: fmt.Sprintf("Trouble%d", i%labReasons), Message: "the lab is in trouble",
		Source: corev1.EventSource{Component: "lab-operator"}, Count: 1, FirstTimestamp: now, LastTimestamp: now,
	}
}
