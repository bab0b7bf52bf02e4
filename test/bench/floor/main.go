// Command floor is the cheapest honest consumer of Events, to hold the exporter
// against: client-go's Reflector, protobuf, a scheme of one type, and a store
// that keeps the count of each UID. It serves nothing; to each line on its
// standard input it answers with the number of events and the sum of their
// counts. When its input ends, it does.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("want the API server's URL alone, have %d arguments", len(args))
	}
	client, err := newClient(args[0])
	if err != nil {
		return err
	}
	s := &store{counts: make(map[types.UID]int64)}
	lw := cache.NewListWatchFromClient(client, "events", "", fields.Everything())
	r := cache.NewReflectorWithOptions(cache.ToListWatcherWithWatchListSemantics(lw, client), &corev1.Event{}, s, cache.ReflectorOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.RunWithContext(ctx) })
	for lines := bufio.NewScanner(in); lines.Scan(); {
		n, sum := s.total()
		fmt.Fprintln(out, n, sum)
	}
	cancel()
	wg.Wait()
	return nil
}

func newClient(server string) (*rest.RESTClient, error) {
	scheme := runtime.NewScheme()
	scheme.AddKnownTypes(corev1.SchemeGroupVersion, &corev1.Event{}, &corev1.EventList{})
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	return rest.RESTClientFor(&rest.Config{
		Host: server, APIPath: "/api",
		ContentConfig: rest.ContentConfig{
			GroupVersion: &corev1.SchemeGroupVersion, ContentType: runtime.ContentTypeProtobuf,
			NegotiatedSerializer: serializer.NewCodecFactory(scheme).WithoutConversion(),
		},
	})
}

// store keeps the count of each UID. It is a [cache.ReflectorStore].
type store struct {
	mu     sync.Mutex
	counts map[types.UID]int64
	sum    int64
}

func (s *store) total() (n int, sum int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.counts), s.sum
}

func (s *store) set(o any) error {
	e, ok := o.(*corev1.Event)
	if !ok {
		return fmt.Errorf("want an Event, have a %T", o)
	}
	s.sum += int64(e.Count) - s.counts[e.UID]
	s.counts[e.UID] = int64(e.Count)
	return nil
}

// Add implements [cache.ReflectorStore].
func (s *store) Add(o any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set(o)
}

// Update implements [cache.ReflectorStore].
func (s *store) Update(o any) error { return s.Add(o) }

// Delete implements [cache.ReflectorStore].
func (s *store) Delete(o any) error {
	e, ok := o.(*corev1.Event)
	if !ok {
		return fmt.Errorf("want an Event, have a %T", o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum -= s.counts[e.UID]
	delete(s.counts, e.UID)
	return nil
}

// Replace implements [cache.ReflectorStore].
func (s *store) Replace(list []any, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.sum = make(map[types.UID]int64, len(list)), 0
	for _, o := range list {
		if err := s.set(o); err != nil {
			return err
		}
	}
	return nil
}

// Resync implements [cache.ReflectorStore].
func (s *store) Resync() error { return nil }
