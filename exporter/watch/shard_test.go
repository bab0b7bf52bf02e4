package watch

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/exporter/kube"
	"github.com/kubebark/kubebark/exporter/shard"
)

// sharded is a list's page that says which shard it is, as the request has it.
func sharded(says bool, events ...*corev1.Event) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		l := corev1.EventList{TypeMeta: metav1.TypeMeta{Kind: "EventList", APIVersion: "v1"}}
		l.ResourceVersion = "5"
		if s := r.URL.Query().Get("shardSelector"); says && s != "" {
			l.ShardInfo = &metav1.ShardInfo{Selector: s}
		}
		for _, e := range events {
			l.Items = append(l.Items, *e)
		}
		_ = json.NewEncoder(w).Encode(l)
	}
}

// TestShard: only the shard's own events are handed on, whether the server
// filters, ignores the selector or does not take it.
func TestShard(t *testing.T) {
	part := shard.Shard{Index: 0, Total: 2}
	if !part.Has("shop") {
		part.Index = 1
	}
	other := func(name, version string) *corev1.Event {
		e := event(name, version, 1)
		e.Namespace = "bank"
		return e
	}
	if part.Has("bank") {
		t.Fatal("the test needs namespaces of two shards")
	}
	end := watching(frame("ADDED", other("c", "6")), frame("DELETED", other("c", "7")), frame("ADDED", event("last", "8", 1)), "hang")
	for _, tt := range []struct {
		name          string
		answers       []answer
		asked         []bool // with a selector
		side, skipped float64
	}{
		{"the server filters", []answer{sharded(true, event("a", "1", 1)), watching(frame("ADDED", event("last", "8", 1)), "hang")}, []bool{true, true}, 1, 0},
		{"the server ignores it", []answer{sharded(false, event("a", "1", 1), other("b", "2")), end}, []bool{true, true}, 0, 3},
		{"the server does not take it", []answer{
			status(http.StatusBadRequest, metav1.StatusReasonBadRequest, "unable to parse shardSelector"),
			sharded(false, event("a", "1", 1), other("b", "2")), end,
		}, []bool{true, false, false}, 0, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []bool
			f := &fake{t: t}
			for _, a := range tt.answers {
				f.answers = append(f.answers, func(w http.ResponseWriter, r *http.Request) {
					got := r.URL.Query().Get("shardSelector")
					if got != "" && got != part.Selector() {
						t.Errorf("selector %q", got)
					}
					asked = append(asked, got != "")
					a(w, r)
				})
			}
			srv := httptest.NewServer(f)
			defer srv.Close()
			c, err := kube.NewClient(kube.Options{Kubeconfig: writeKubeconfig(t, srv.URL)})
			if err != nil {
				t.Fatal(err)
			}
			reg := prometheus.NewPedanticRegistry()
			tk := &taker{last: "last", done: make(chan struct{})}
			s := NewShard(part, reg)
			w := New(Options{
				Client: c, ParameterCodec: c.ParameterCodec, Handler: tk, Shard: s,
				Logger: log.NewNopLogger(), Metrics: NewMetrics(reg), Health: NewHealth(reg),
			})
			runWatcher(t, w, tk.done)
			got := strings.TrimPrefix(strings.Join(tk.got, ", "), "begin, begin")
			if got = strings.TrimPrefix(got, "begin"); got != ", listed a=1, end, added last=1" {
				t.Errorf("handed on: %s", got)
			}
			if len(asked) != len(tt.asked) {
				t.Fatalf("asked %v, want %v", asked, tt.asked)
			}
			for i := range asked {
				if asked[i] != tt.asked[i] {
					t.Errorf("asked %v, want %v", asked, tt.asked)
				}
			}
			if a, b := testutil.ToFloat64(s.serverSide), testutil.ToFloat64(s.skipped); a != tt.side || b != tt.skipped {
				t.Errorf("server side %v, skipped %v", a, b)
			}
		})
	}
}
