package lookup

import (
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/internal/lru"
)

// BenchmarkDescribe is what a record costs with an answer that is remembered,
// and with a look-up for each event.
func BenchmarkDescribe(b *testing.B) {
	for name, remember := range map[string]bool{"remembered": true, "asked each time": false} {
		b.Run(name, func(b *testing.B) {
			f := newFixture(b, func(o *Options) {
				o.Wanted, o.QPS, o.Logger = all(), 1e9, log.NewNopLogger()
				o.Metrics = NewLogMetrics(prometheus.NewRegistry())
			})
			f.server.whole = true
			f.server.set(podPath, fullPod)
			f.server.set(nodePath, `{"metadata":{"labels":{"topology.kubernetes.io/zone":"eu-1a"}}}`)
			o := thePod()
			for b.Loop() {
				if _, err := f.Describe(b.Context(), &o); err != nil {
					b.Fatal(err)
				}
				if !remember {
					f.answers = lru.New[string, answer](maxAnswers)
				}
			}
			b.ReportMetric(float64(f.server.count())/float64(b.N), "requests/op")
		})
	}
}
