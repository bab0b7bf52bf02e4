package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// server is an Alertmanager without a network, so that time can be faked.
type server struct {
	mu     sync.Mutex
	answer func(as []Alert) (int, string) // status 0: no answer but an error
	got    []string
	times  []time.Time
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	var as []Alert
	if err := json.NewDecoder(r.Body).Decode(&as); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.times = append(s.got, names(as)), append(s.times, time.Now())
	status, body := 200, ""
	if s.answer != nil {
		status, body = s.answer(as)
	}
	if status == 0 {
		return nil, errors.New(body)
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (s *server) set(answer func(as []Alert) (int, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// requests returns the alerts of each request since the last call.
func (s *server) requests() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := strings.Join(s.got, " | ")
	s.got = nil
	return got
}

func always(status int, body string) func([]Alert) (int, string) {
	return func([]Alert) (int, string) { return status, body }
}

// withSender runs f in a bubble with a sender that sends to the server.
func withSender(t *testing.T, f func(s *sender, srv *server, stop func()), current ...Alert) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	m := newMetrics(reg)
	synctest.Test(t, func(t *testing.T) {
		srv := &server{}
		s := &sender{
			name: "am", queue: newQueue(1000), metrics: m.target("am"), logger: log.NewNopLogger(),
			current: func() []Alert { return current },
		}
		s.maxDelay.Store(int64(30 * time.Second))
		s.endpoint.Store(&endpoint{url: "http://am.example", client: &http.Client{Transport: srv}, timeout: 10 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.run(ctx) }()
		stop := func() { cancel(); <-done }
		defer stop()
		f(s, srv, stop)
	})
	return reg
}

func TestSenderBatches(t *testing.T) {
	withSender(t, func(s *sender, srv *server, _ func()) {
		var as []Alert
		for i := range 600 {
			as = append(as, alert(fmt.Sprint("n", i)))
		}
		s.push(as)
		var sizes []int
		for r := range strings.SplitSeq(srv.requests(), " | ") {
			sizes = append(sizes, len(strings.Fields(r)))
		}
		if fmt.Sprint(sizes) != "[256 256 88]" {
			t.Errorf("batches of %v", sizes)
		}
	})
}

func TestSenderRetries(t *testing.T) {
	for _, answer := range []func([]Alert) (int, string){
		always(0, "connection refused"), always(500, "x"), always(503, "x"), always(429, "x"), always(401, "x"), always(404, "x"),
	} {
		reg := withSender(t, func(s *sender, srv *server, _ func()) {
			srv.set(answer)
			s.push([]Alert{state("a", "1")})
			time.Sleep(5 * time.Minute)
			srv.requests()
			if n := len(srv.times); n < 10 || n > 30 {
				t.Errorf("%d tries in 5 minutes", n)
			}
			if d := srv.times[1].Sub(srv.times[0]); d > firstDelay {
				t.Errorf("the second try came after %v", d)
			}
			s.push([]Alert{state("b", "1"), state("a", "2")})
			srv.set(nil)
			time.Sleep(time.Minute)
			// What waited, in its latest state; then what is current, for the
			// Alertmanager may have forgotten.
			got := srv.requests()
			if !strings.Contains(got, "a:2") || !strings.Contains(got, "b:1") || strings.Contains(got, "a:1") || !strings.HasSuffix(got, "| c:1") {
				t.Errorf("then sent %s", got)
			}
		}, state("c", "1"))
		if ps, err := testutil.GatherAndLint(reg); err != nil || len(ps) > 0 {
			t.Errorf("metrics: %v %v", ps, err)
		}
	}
}

func TestSenderDoesNotResendWhatIsRefused(t *testing.T) {
	reg := withSender(t, func(s *sender, srv *server, _ func()) {
		srv.set(always(400, `"\"x\" is not a valid label name"`))
		s.push([]Alert{alert("a"), alert("b")})
		time.Sleep(time.Hour)
		if got := srv.requests(); got != "a b" {
			t.Errorf("sent %s", got)
		}
	})
	check(t, reg, `
# HELP kube_event_exporter_notifications_errors_total Alerts in requests to the Alertmanager that failed or were refused, each try counted.
# TYPE kube_event_exporter_notifications_errors_total counter
kube_event_exporter_notifications_errors_total{alertmanager="am"} 2
# HELP kube_event_exporter_notifications_sent_total Alerts that the Alertmanager took.
# TYPE kube_event_exporter_notifications_sent_total counter
kube_event_exporter_notifications_sent_total{alertmanager="am"} 0
`, "notifications_errors_total", "notifications_sent_total")
}

func TestSenderFindsTheOneAtFault(t *testing.T) {
	for _, status := range []int{400, 413, 422} {
		reg := withSender(t, func(s *sender, srv *server, _ func()) {
			taken := map[string]bool{}
			srv.set(func(as []Alert) (int, string) {
				for _, a := range as {
					if a.Labels["alertname"] == "bad" {
						return status, `{"code":601,"message":"no"}`
					}
				}
				for _, a := range as {
					taken[a.Labels["alertname"]] = true
				}
				return 200, ""
			})
			as := []Alert{alert("bad")}
			for i := range 99 {
				as = append(as, alert(fmt.Sprint("n", i)))
			}
			s.push(as)
			srv.requests()
			if len(taken) != 99 {
				t.Errorf("%d: %d of 99 good ones were taken", status, len(taken))
			}
		})
		check(t, reg, `
# HELP kube_event_exporter_notifications_dropped_total Alerts that the Alertmanager never got: pushed out of a full queue, refused, or left at the end.
# TYPE kube_event_exporter_notifications_dropped_total counter
kube_event_exporter_notifications_dropped_total{alertmanager="am"} 1
`, "notifications_dropped_total")
	}
}

func TestSenderOverflow(t *testing.T) {
	reg := withSender(t, func(s *sender, srv *server, _ func()) {
		srv.set(always(503, ""))
		s.queue.setCapacity(3)
		for i := range 10 {
			s.push([]Alert{alert(fmt.Sprint("n", i))})
			time.Sleep(time.Second)
		}
		srv.set(nil)
		time.Sleep(time.Minute)
		got := strings.Split(srv.requests(), " | ")
		if last := got[len(got)-1]; last != "n7 n8 n9" {
			t.Errorf("sent %s", last)
		}
	})
	check(t, reg, `
# HELP kube_event_exporter_notifications_dropped_total Alerts that the Alertmanager never got: pushed out of a full queue, refused, or left at the end.
# TYPE kube_event_exporter_notifications_dropped_total counter
kube_event_exporter_notifications_dropped_total{alertmanager="am"} 7
# HELP kube_event_exporter_notifications_queue_length Alerts that wait to be sent.
# TYPE kube_event_exporter_notifications_queue_length gauge
kube_event_exporter_notifications_queue_length{alertmanager="am"} 0
`, "notifications_dropped_total", "notifications_queue_length")
}

func TestSenderDrains(t *testing.T) {
	withSender(t, func(s *sender, srv *server, stop func()) {
		srv.set(func([]Alert) (int, string) { time.Sleep(time.Second); return 200, "" })
		s.push([]Alert{alert("a")})
		synctest.Wait()
		s.push([]Alert{alert("b")})
		stop()
		if got := srv.requests(); !strings.HasSuffix(got, "b") {
			t.Errorf("sent %s", got)
		}
	})
	reg := withSender(t, func(s *sender, srv *server, stop func()) {
		srv.set(always(503, ""))
		s.push([]Alert{alert("a")})
		begin := time.Now()
		stop()
		if d := time.Since(begin); d > drainTimeout {
			t.Errorf("took %v", d)
		}
	})
	check(t, reg, `
# HELP kube_event_exporter_notifications_dropped_total Alerts that the Alertmanager never got: pushed out of a full queue, refused, or left at the end.
# TYPE kube_event_exporter_notifications_dropped_total counter
kube_event_exporter_notifications_dropped_total{alertmanager="am"} 1
`, "notifications_dropped_total")
}

func check(t *testing.T, reg prometheus.Gatherer, want string, metrics ...string) {
	t.Helper()
	for i := range metrics {
		metrics[i] = namespace + "_" + metrics[i]
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), metrics...); err != nil {
		t.Error(err)
	}
}
