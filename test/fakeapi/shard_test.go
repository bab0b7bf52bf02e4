package fakeapi

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubebark/kubebark/test/testbed"
)

// upper is the upper half of all namespaces; shop is in the lower.
const upper = "shardRange(object.metadata.namespace, '0x8000000000000000', '0x10000000000000000')"

const dividedWant = `page: zoo/a zoo/b, of the shard true, more true, left <nil>
page: zoo/c, of the shard true, more false, left <nil>
watch: ADDED zoo/d 1
watch: MODIFIED zoo/a 2
watch: DELETED zoo/b 1
watch: ADDED zoo/last 1
`

// TestDivides takes the same steps on the fake and on a real API server that
// divides by a shardSelector.
func TestDivides(t *testing.T) {
	t.Parallel()
	fake := fakeServer(t)
	fake.fake.Divide()
	if diff := cmp.Diff(dividedWant, divided(t, fake)); diff != "" {
		t.Errorf("the fake (-want +got):\n%s", diff)
	}
	t.Run("real", func(t *testing.T) {
		real := realServer(t, testbed.Options{APIServerArgs: []string{"--feature-gates=ShardedListAndWatch=true"}})
		if diff := cmp.Diff(dividedWant, divided(t, real)); diff != "" {
			t.Errorf("kube-apiserver (-want +got):\n%s", diff)
		}
	})
}

// TestIgnoresShards: a server that does not divide says nothing of it.
func TestIgnoresShards(t *testing.T) {
	_, store, client := bench(t, StoreOptions{}, 0)
	if _, err := store.Create(event("shop", "a", 1)); err != nil {
		t.Fatal(err)
	}
	l, err := client.CoreV1().Events("").List(t.Context(), metav1.ListOptions{ShardSelector: upper})
	if err != nil || len(l.Items) != 1 || l.ShardInfo != nil {
		t.Errorf("%d events, shard %v, error %v", len(l.Items), l.ShardInfo, err)
	}
}

// divided writes events of two shards and tells what one of them is shown.
func divided(t *testing.T, s server) string {
	t.Helper()
	client, err := kubernetes.NewForConfig(s.config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out strings.Builder
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	live := map[string]*corev1.Event{}
	write := func(namespace, name string) {
		e, err := s.create(event(namespace, name, 1))
		must(err)
		live[namespace+"/"+name] = e
	}
	for _, name := range []string{"a", "b", "c"} {
		write("shop", name)
		write("zoo", name)
	}
	o := metav1.ListOptions{ShardSelector: upper, Limit: 2}
	version := ""
	for more := true; more; {
		l, err := client.CoreV1().Events("").List(ctx, o)
		must(err)
		var names []string
		for i := range l.Items {
			names = append(names, l.Items[i].Namespace+"/"+l.Items[i].Name)
		}
		more, o.Continue, version = l.Continue != "", l.Continue, l.ResourceVersion
		fmt.Fprintf(&out, "page: %s, of the shard %t, more %t, left %v\n", strings.Join(names, " "), l.ShardInfo != nil && l.ShardInfo.Selector == upper, more, l.RemainingItemCount)
	}
	w, err := client.CoreV1().Events("").Watch(ctx, metav1.ListOptions{ShardSelector: upper, ResourceVersion: version})
	must(err)
	defer w.Stop()
	for _, ns := range []string{"shop", "zoo"} {
		write(ns, "d")
		e := live[ns+"/a"].DeepCopy()
		e.Count = 2
		_, err := s.update(e)
		must(err)
		must(s.delete(ns, "b"))
	}
	write("zoo", "last")
	for ev := range w.ResultChan() {
		e, ok := ev.Object.(*corev1.Event)
		if !ok {
			t.Fatalf("%s %v", ev.Type, ev.Object)
		}
		fmt.Fprintf(&out, "watch: %s %s/%s %d\n", ev.Type, e.Namespace, e.Name, e.Count)
		if e.Name == "last" {
			break
		}
	}
	return out.String()
}
