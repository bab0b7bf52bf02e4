package watch

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/exporter/kube"
)

// TestHeard: a watch has been heard of when it brings something, and when a new
// one has had time to.
func TestHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth(prometheus.NewRegistry())
		shop, bank := h.add("shop"), h.add("bank")
		begin := time.Now()
		want := func(step, namespace string, after time.Duration) {
			t.Helper()
			if got := h.Heard(namespace); !got.Equal(begin.Add(after)) {
				t.Errorf("%s: heard of %s until %v, want %v", step, namespace, got.Sub(begin), after)
			}
		}
		for _, s := range []*stream{shop, bank} {
			s.progress()
			s.synced()
			s.beginning(func() { t.Error("renewed though it was heard of since") })
			s.connected(5 * time.Minute)
		}
		time.Sleep(time.Minute)
		bank.progress()
		want("another namespace's event", "shop", 0)
		want("an event", "bank", time.Minute)
		want("neither", "default", 0)

		h.Renew("bank", begin.Add(time.Minute))
		renewals := 0
		shop.beginning(func() { renewals++ })
		h.Renew("shop", begin.Add(time.Minute))
		h.Renew("shop", begin.Add(time.Minute))
		if renewals != 1 || !shop.disconnected() {
			t.Errorf("renewed %d times", renewals)
		}
		h.Renew("shop", begin.Add(time.Minute))
		want("while it connects", "shop", 0)
		shop.beginning(func() {})
		shop.connected(5 * time.Minute)
		want("just connected", "shop", 0)
		time.Sleep(caughtUp)
		want("connected for a while", "shop", time.Minute)
		if shop.disconnected() {
			t.Error("an ordinary end is taken for a renewal")
		}
	})
}

// TestRenew: a watch that is renewed goes on from where it was and counts as no
// restart.
func TestRenew(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	h := NewHealth(reg)
	silent := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		for !h.Connected() {
			time.Sleep(time.Millisecond)
		}
		h.Renew("", time.Now().Add(time.Hour))
		<-r.Context().Done()
	}
	f := &fake{t: t, answers: []answer{
		page("10", ""), silent, watching(frame("ADDED", event("last", "99", 1)), "hang"),
	}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	c, err := kube.NewClient(kube.Options{Kubeconfig: writeKubeconfig(t, srv.URL)})
	if err != nil {
		t.Fatal(err)
	}
	tk := &taker{last: "last", done: make(chan struct{})}
	runWatcher(t, New(Options{
		Client: c, ParameterCodec: c.ParameterCodec, Handler: tk,
		Logger: log.NewNopLogger(), Metrics: NewMetrics(reg), Health: h,
	}), tk.done)
	if d := cmp.Diff("list, watch from 10, watch from 10", strings.Join(f.requests(), ", ")); d != "" {
		t.Errorf("asked (-want +got)\n%s", d)
	}
	const none = `
# HELP kube_event_exporter_watch_restarts_total Watches begun again, by the cause of the end: closed by the server, expired (the version was no longer known and a list was made), error.
# TYPE kube_event_exporter_watch_restarts_total counter
kube_event_exporter_watch_restarts_total{cause="closed"} 0
kube_event_exporter_watch_restarts_total{cause="error"} 0
kube_event_exporter_watch_restarts_total{cause="expired"} 0
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(none), "kube_event_exporter_watch_restarts_total"); err != nil {
		t.Error(err)
	}
}
