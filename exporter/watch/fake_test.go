package watch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/exporter/kube"
	"github.com/kubebark/kubebark/exporter/occurrence"
)

// fake answers lists and watches as a script says: it shows what the real API
// server cannot be made to show at will. That the real one does the same where
// it can is tested end to end.
type fake struct {
	t *testing.T

	mu      sync.Mutex
	answers []answer
	asked   []string // what was asked, in order
}

// answer is what one request gets.
type answer func(w http.ResponseWriter, r *http.Request)

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	what := "list"
	if q.Get("watch") == "true" {
		what = "watch from " + q.Get("resourceVersion")
	} else if c := q.Get("continue"); c != "" {
		what += " after " + c
	} else if q.Get("limit") == "1" {
		what = "version"
	}
	f.mu.Lock()
	f.asked = append(f.asked, what)
	var a answer = hang
	if len(f.answers) > 0 {
		a, f.answers = f.answers[0], f.answers[1:]
	}
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	a(w, r)
}

func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.asked...)
}

func event(name, version string, n int32) *corev1.Event {
	return &corev1.Event{
		TypeMeta:   metav1.TypeMeta{Kind: "Event", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop", ResourceVersion: version}, Count: n,
	}
}

// page is a list's page; next is its continue token.
func page(version, next string, events ...*corev1.Event) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		l := corev1.EventList{TypeMeta: metav1.TypeMeta{Kind: "EventList", APIVersion: "v1"}}
		l.ResourceVersion, l.Continue = version, next
		for _, e := range events {
			l.Items = append(l.Items, *e)
		}
		_ = json.NewEncoder(w).Encode(l)
	}
}

// status is an answer that is no success.
func status(code int, reason metav1.StatusReason, message string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		if code == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(code)
		_, _ = w.Write(statusJSON(code, reason, message))
	}
}

func statusJSON(code int, reason metav1.StatusReason, message string) []byte {
	b, _ := json.Marshal(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure",
		Code: int32(code), Reason: reason, Message: message,
	})
	return b
}

// watching is a watch that sends frames and ends; with a last frame of "hang" it
// stays open.
func watching(frames ...string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, f := range frames {
			if f == "hang" {
				hang(w, r)
				return
			}
			fmt.Fprintln(w, f)
			w.(http.Flusher).Flush()
		}
	}
}

func frame(kind string, e *corev1.Event) string {
	b, _ := json.Marshal(e)
	return fmt.Sprintf(`{"type":%q,"object":%s}`, kind, b)
}

func errorFrame(code int, reason metav1.StatusReason, message string) string {
	return fmt.Sprintf(`{"type":"ERROR","object":%s}`, statusJSON(code, reason, message))
}

func hang(w http.ResponseWriter, r *http.Request) {
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// taker writes down what a watcher hands on; done is closed when it has seen
// the event of that name.
type taker struct {
	last string
	done chan struct{}
	got  []string
}

func (h *taker) BeginList() { h.got = append(h.got, "begin") }
func (h *taker) EndList()   { h.got = append(h.got, "end") }

func (h *taker) Event(k Kind, e *occurrence.Event) {
	h.got = append(h.got, fmt.Sprintf("%s %s=%d", strings.Fields("listed added modified deleted")[k], e.Name, e.Count))
	if e.Name == h.last {
		close(h.done)
	}
}

// run runs a watcher against the answers until the event called "last" comes,
// and returns what the handler got and the server was asked.
func run(t *testing.T, reg *prometheus.Registry, answers ...answer) (got, asked []string, h *Health) {
	t.Helper()
	f := &fake{t: t, answers: answers}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	c, err := kube.NewClient(kube.Options{Kubeconfig: writeKubeconfig(t, srv.URL)})
	if err != nil {
		t.Fatal(err)
	}
	tk := &taker{last: "last", done: make(chan struct{})}
	h = NewHealth(reg)
	w := New(Options{
		Client: c, ParameterCodec: c.ParameterCodec, Handler: tk,
		Logger: log.NewNopLogger(), Metrics: NewMetrics(reg), Health: h,
	})
	w.backoff.Min, w.backoff.Max = 1, 2 // nanoseconds: the spacing has its own test
	runWatcher(t, w, tk.done)
	return tk.got, f.requests(), h
}
