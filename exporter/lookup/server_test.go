package lookup

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// server is an API server that has objects by their paths.
type server struct {
	t      testing.TB
	mu     sync.Mutex
	bodies map[string]string // "403" and the like are answers without a body
	gets   []string
	block  chan struct{}
	whole  bool // more than metadata may be asked for of what has an owner
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.gets = append(s.gets, r.URL.Path)
	body, ok := s.bodies[r.URL.Path]
	block := s.block
	s.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-r.Context().Done():
		}
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case body == "403":
		w.WriteHeader(http.StatusForbidden)
	case body == "500":
		w.WriteHeader(http.StatusInternalServerError)
	case !s.whole && strings.Contains(body, `"ownerReferences"`) && !strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata"):
		s.t.Errorf("more than the metadata of %s is asked for: %s", r.URL.Path, r.Header.Get("Accept"))
	}
	w.Write([]byte(body))
}

func (s *server) set(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies[path] = body
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.gets)
}

// RoundTrip implements [http.RoundTripper] without a network, so that tests can
// be in a bubble.
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

const (
	podPath    = "/api/v1/namespaces/shop/pods/cart-1"
	setPath    = "/apis/apps/v1/namespaces/shop/replicasets/cart-7dc"
	deployPath = "/apis/apps/v1/namespaces/shop/deployments/cart"
)

func owned(apiVersion, kind, name string) string {
	return `{"metadata":{"name":"x","ownerReferences":[
		{"apiVersion":"v1","kind":"ConfigMap","name":"no-controller"},
		{"apiVersion":"` + apiVersion + `","kind":"` + kind + `","name":"` + name + `","controller":true}]}}`
}

type fixture struct {
	*Client
	server *server
	reg    *prometheus.Registry
	log    *bytes.Buffer
}

func newFixture(t testing.TB, change ...func(*Options)) *fixture {
	t.Helper()
	s := &server{t: t, bodies: map[string]string{
		podPath: owned("apps/v1", "ReplicaSet", "cart-7dc"), setPath: owned("apps/v1", "Deployment", "cart"), deployPath: `{"metadata":{}}`,
	}}
	rc, err := rest.RESTClientForConfigAndClient(&rest.Config{Host: "http://127.0.0.1", QPS: -1, APIPath: "/api", ContentConfig: rest.ContentConfig{
		GroupVersion: &corev1.SchemeGroupVersion, ContentType: runtime.ContentTypeProtobuf,
		NegotiatedSerializer: serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion(),
	}}, &http.Client{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{server: s, reg: prometheus.NewPedanticRegistry(), log: new(bytes.Buffer)}
	o := Options{REST: rc, Logger: log.NewSyncLogger(log.NewLogfmtLogger(f.log)), Metrics: NewMetrics(f.reg)}
	for _, c := range change {
		c(&o)
	}
	f.Client = New(o)
	return f
}

func (f *fixture) counted(t *testing.T, outcome string, want float64) {
	t.Helper()
	if got := testutil.ToFloat64(f.metrics.lookups.WithLabelValues(outcome)); got != want {
		t.Errorf("%g look-ups %s, want %g", got, outcome, want)
	}
}

func thePod() occurrence.Object {
	return occurrence.Object{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: "cart-1"}
}
