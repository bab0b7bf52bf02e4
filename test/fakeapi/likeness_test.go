package fakeapi

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubebark/kubebark/test/testbed"
)

var update = flag.Bool("update", false, "rewrite golden files")

// server is one that the steps are taken on.
type server struct {
	fake    *Server // nil for a real one
	config  *rest.Config
	create  func(*corev1.Event) (*corev1.Event, error)
	update  func(*corev1.Event) (*corev1.Event, error)
	delete  func(namespace, name string) error
	compact func() // what came before is no longer remembered when it returns
}

// TestLikeness takes the same steps on the fake and on the real API server and
// compares what a client sees with what is written down.
func TestLikeness(t *testing.T) {
	golden := filepath.Join("testdata", "likeness.txt")
	got := transcript(t, fakeServer(t))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the fake (-want +got):\n%s", diff)
	}
	t.Run("real", func(t *testing.T) {
		if diff := cmp.Diff(string(want), transcript(t, realServer(t, testbed.Options{APIServerArgs: []string{"--etcd-compaction-interval=1s"}}))); diff != "" {
			t.Errorf("kube-apiserver (-want +got):\n%s", diff)
		}
	})
}

func fakeServer(t *testing.T) server {
	t.Helper()
	store := NewStore(StoreOptions{})
	s, err := Serve(store, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return server{
		fake: s, config: &rest.Config{Host: s.URL()},
		create: store.Create, update: store.Update, delete: store.Delete, compact: store.Compact,
	}
}

func realServer(t *testing.T, o testbed.Options) server {
	t.Helper()
	if _, err := testbed.Binary("", "kube-apiserver"); err != nil {
		t.Skip(err)
	}
	ctx := t.Context()
	cp, err := testbed.StartControlPlane(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	testbed.Attach(t, cp)
	client, err := cp.Client()
	if err != nil {
		t.Fatal(err)
	}
	for _, ns := range []string{"shop", "zoo"} {
		n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}
		if _, err := client.CoreV1().Namespaces().Create(ctx, n, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	events := func(ns string) interface {
		Create(context.Context, *corev1.Event, metav1.CreateOptions) (*corev1.Event, error)
		Update(context.Context, *corev1.Event, metav1.UpdateOptions) (*corev1.Event, error)
		Delete(context.Context, string, metav1.DeleteOptions) error
	} {
		return client.CoreV1().Events(ns)
	}
	return server{
		config: cp.Config(),
		create: func(e *corev1.Event) (*corev1.Event, error) {
			return events(e.Namespace).Create(ctx, e, metav1.CreateOptions{})
		},
		update: func(e *corev1.Event) (*corev1.Event, error) {
			return events(e.Namespace).Update(ctx, e, metav1.UpdateOptions{})
		},
		delete:  func(ns, name string) error { return events(ns).Delete(ctx, name, metav1.DeleteOptions{}) },
		compact: func() { awaitCompaction(t, client) },
	}
}

// awaitCompaction waits until the version of this moment has been compacted,
// which the API server does by itself.
func awaitCompaction(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	err = testbed.Poll(ctx, "until the history is compacted", func(context.Context) (bool, error) {
		_, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{
			ResourceVersion: l.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact,
		})
		return err != nil && strings.Contains(err.Error(), "too old"), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// transcript takes the steps and tells what a client sees, in protobuf and in
// JSON.
func transcript(t *testing.T, s server) string {
	t.Helper()
	tr := &telling{t: t, s: s}
	for _, media := range []string{"application/vnd.kubernetes.protobuf", "application/json"} {
		cfg := rest.CopyConfig(s.config)
		cfg.QPS, cfg.ContentType, cfg.AcceptContentTypes = -1, media, media
		client, err := kubernetes.NewForConfig(cfg)
		if err != nil {
			t.Fatal(err)
		}
		tr.client = client
		fmt.Fprintf(&tr.out, "# %s\n", media)
		tr.tell()
		fmt.Fprintln(&tr.out)
	}
	return tr.out.String()
}
