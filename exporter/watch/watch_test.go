package watch

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) {
	// The HTTP transport of client-go is cached for the process.
	leaktest.Main(m, "net/http.(*persistConn)")
}

func writeKubeconfig(t *testing.T, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: x, user: x}}], clusters: [{name: x, cluster: {server: %q}}], users: [{name: x, user: {}}]}", url)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func runWatcher(t *testing.T, w *Watcher, until <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	select {
	case <-until:
	case <-ctx.Done():
		t.Error("the last event did not come")
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestWatcher(t *testing.T) {
	last := frame("ADDED", event("last", "99", 1))
	for _, tt := range []struct {
		name       string
		answers    []answer
		got, asked string
		restarts   string // closed expired error
	}{
		{
			"pages are handed on as they come, and the watch begins before them",
			[]answer{page("9", "p2", event("a", "1", 1)), page("10", "p2", event("a", "1", 1), event("b", "2", 1)), page("10", "", event("c", "3", 1)), watching(last, "hang")},
			"begin, listed a=1, begin, listed a=1, listed b=1, listed c=1, end, added last=1",
			"list, list, list after p2, watch from 9", "0 0 0",
		},
		{
			"a stream that ends goes on from its last version",
			[]answer{page("10", ""), watching(frame("ADDED", event("a", "11", 1)), frame("MODIFIED", event("a", "12", 3)), frame("DELETED", event("a", "13", 3))), watching(last, "hang")},
			"begin, end, added a=1, modified a=3, deleted a=3, added last=1",
			"list, watch from 10, watch from 13", "1 0 0",
		},
		{
			"a bookmark moves the version",
			[]answer{page("10", ""), watching(frame("BOOKMARK", event("", "50", 0))), watching(last, "hang")},
			"begin, end, added last=1", "list, watch from 10, watch from 50", "1 0 0",
		},
		{
			"410 in the stream",
			[]answer{page("10", ""), watching(errorFrame(410, "Expired", "too old resource version")), page("20", "", event("a", "15", 2)), watching(last, "hang")},
			"begin, end, begin, listed a=2, end, added last=1", "list, watch from 10, list, watch from 20", "0 1 0",
		},
		{
			"410 as a status",
			[]answer{page("10", ""), status(410, "Expired", "too old resource version"), page("20", ""), watching(last, "hang")},
			"begin, end, begin, end, added last=1", "list, watch from 10, list, watch from 20", "0 1 0",
		},
		{
			"etcd compacted under a slow watch",
			[]answer{page("10", ""), watching(errorFrame(500, "InternalError", "Internal error occurred: etcd event received with PrevKv=nil")), page("20", ""), watching(last, "hang")},
			"begin, end, begin, end, added last=1", "list, watch from 10, list, watch from 20", "0 1 0",
		},
		{
			"the server was put back to an older state",
			[]answer{page("10", ""), watching(`{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Timeout","code":504,"details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1}}}`), page("5", ""), watching(last, "hang")},
			"begin, end, begin, end, added last=1", "list, watch from 10, list, watch from 5", "0 1 0",
		},
		{
			"the server was put back to an older state, and would let the watch wait",
			[]answer{page("10", ""), watching(frame("ADDED", event("a", "11", 1))), status(503, "ServiceUnavailable", "no"), page("5", "", event("b", "4", 1)), page("5", ""), watching(last, "hang")},
			"begin, end, added a=1, begin, end, added last=1", "list, watch from 10, watch from 11, version, list, watch from 5", "1 1 1",
		},
		{
			"nobody says where the server is",
			[]answer{page("10", ""), status(503, "ServiceUnavailable", "no"), status(503, "ServiceUnavailable", "no"), page("60", ""), watching(last, "hang")},
			"begin, end, added last=1", "list, watch from 10, version, version, watch from 10", "0 0 2",
		},
		{
			"another error in the stream goes on from the last version",
			[]answer{page("10", ""), watching(frame("ADDED", event("a", "11", 1)), errorFrame(500, "InternalError", "boom")), page("60", ""), watching(last, "hang")},
			"begin, end, added a=1, added last=1", "list, watch from 10, version, watch from 11", "0 0 1",
		},
		{
			"too many requests",
			[]answer{page("10", ""), status(429, "TooManyRequests", "later"), page("60", ""), watching(last, "hang")},
			"begin, end, added last=1", "list, watch from 10, version, watch from 10", "0 0 1",
		},
		{
			"a continue token that expires begins the list anew",
			[]answer{page("10", "p2", event("a", "1", 1)), page("10", "p2", event("a", "1", 1)), status(410, "Expired", "the provided continue parameter is too old"), page("30", "", event("a", "1", 1)), watching(last, "hang")},
			"begin, listed a=1, begin, listed a=1, begin, listed a=1, end, added last=1", "list, list, list after p2, list, watch from 30", "0 0 0",
		},
		{
			"no right to list, until there is",
			[]answer{status(403, "Forbidden", "no"), status(403, "Forbidden", "no"), page("10", ""), watching(last, "hang")},
			"begin, begin, begin, end, added last=1", "list, list, list, watch from 10", "0 0 0",
		},
		{
			"a frame cut in its middle",
			[]answer{page("10", ""), watching(frame("ADDED", event("a", "11", 1)), `{"type":"ADDED","obj`), page("60", ""), watching(last, "hang")},
			"begin, end, added a=1, added last=1", "list, watch from 10, version, watch from 11", "0 0 1",
		},
		{
			"no JSON at all",
			[]answer{func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>a proxy</html>") }, page("10", ""), watching(last, "hang")},
			"begin, begin, end, added last=1", "list, list, watch from 10", "0 0 0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg := prometheus.NewPedanticRegistry()
			got, asked, h := run(t, reg, tt.answers...)
			if d := cmp.Diff(tt.got, strings.Join(got, ", ")); d != "" {
				t.Errorf("handed on (-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.asked, strings.Join(asked, ", ")); d != "" {
				t.Errorf("asked (-want +got)\n%s", d)
			}
			if err := h.Ready(); err != nil {
				t.Errorf("Ready: %v", err)
			}
			m := strings.Fields(tt.restarts)
			want := fmt.Sprintf(`
# HELP kube_event_exporter_watch_restarts_total Watches begun again, by the cause of the end: closed by the server, expired (the version was no longer known and a list was made), error.
# TYPE kube_event_exporter_watch_restarts_total counter
kube_event_exporter_watch_restarts_total{cause="closed"} %s
kube_event_exporter_watch_restarts_total{cause="expired"} %s
kube_event_exporter_watch_restarts_total{cause="error"} %s
`, m[0], m[1], m[2])
			if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "kube_event_exporter_watch_restarts_total"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth(prometheus.NewRegistry())
		want := func(step, text string) {
			t.Helper()
			err := h.Ready()
			if (err == nil) != (text == "") || err != nil && !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %q", step, err, text)
			}
		}
		want("nothing begun", "has not begun")
		progress := func(step string, at time.Time) {
			t.Helper()
			if got, want := h.lastProgress(), float64(at.UnixMilli())/1000; got != want {
				t.Errorf("%s: last progress %v, want %v", step, got, want)
			}
		}
		if n := h.lastProgress(); n != 0 {
			t.Errorf("progress before anything: %v", n)
		}
		s := h.add("shop")
		want("begun", "events of namespace shop are not listed yet")
		s.failed(fmt.Errorf("list events: %w", context.DeadlineExceeded))
		want("unreachable", "not listed yet: list events: context deadline exceeded")
		s.progress()
		s.synced()
		want("listed, about to connect", "")
		s.connected(5 * time.Minute)
		if !h.Connected() {
			t.Error("not connected")
		}
		time.Sleep(5 * time.Minute)
		want("quiet", "")
		time.Sleep(time.Minute)
		want("silent for longer than the server keeps a watch open", "silent for 6m")
		progress("silent", time.Now().Add(-6*time.Minute))
		s.connected(5 * time.Minute)
		s.disconnected()
		if h.Connected() {
			t.Error("connected")
		}
		want("just disconnected", "")
		time.Sleep(31 * time.Second)
		want("disconnected for long", "has been down for 31s: closed")
		s.connected(time.Minute)
		want("back", "")
		progress("back", time.Now())
	})
}
