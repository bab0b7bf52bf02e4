package watch

import (
	"bytes"
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubebark/kubebark/exporter/kube"
)

// TestSaysWhatTheServerSays wants a refusal in the server's own words, in the
// log and in what readiness says.
func TestSaysWhatTheServerSays(t *testing.T) {
	const words = `events is forbidden: User "x" cannot list resource "events"`
	for _, tt := range []struct {
		name    string
		answers []answer
		want    string
	}{
		{"list", []answer{status(403, "Forbidden", words)}, "list events: " + words},
		{"watch", []answer{page("10", ""), status(403, "Forbidden", words)}, "watch events: " + words},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(&fake{t: t, answers: tt.answers})
			defer srv.Close()
			c, err := kube.NewClient(kube.Options{Kubeconfig: writeKubeconfig(t, srv.URL)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var logged bytes.Buffer
			reg := prometheus.NewRegistry()
			h := NewHealth(reg)
			w := New(Options{
				Client: c, ParameterCodec: c.ParameterCodec, Handler: &taker{done: make(chan struct{})}, Metrics: NewMetrics(reg), Health: h,
				Logger: log.LoggerFunc(func(kv ...any) error {
					if slices.Contains(kv, any("no events for now")) {
						defer cancel() // it is said
					}
					return log.NewLogfmtLogger(&logged).Log(kv...)
				}),
			})
			if err := w.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(logged.String(), `\"`, `"`); !strings.Contains(got, tt.want) {
				t.Errorf("logged %s\nwant %s", got, tt.want)
			}
		})
	}
}
