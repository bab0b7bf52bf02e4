package e2e

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubebark/kubebark/test/testbed"
)

const backups = `kube_event_occurrences_total{reason="BackupFailed"}`

// TestFirstOccurrenceInAPair has two Prometheus scrape at different moments of
// each second: both see the first occurrence of a label set as an increase, and
// the next ones, exactly.
func TestFirstOccurrenceInAPair(t *testing.T) {
	t.Parallel()
	w := newCounter(t, setting{})
	pair := w.pair()
	rec := w.recorder("lab-operator")
	happens := func(times int) {
		for range times {
			rec.Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
		}
	}
	happens(1)
	for _, p := range pair {
		w.increases(p, backups, 1)
	}
	happens(4)
	for _, p := range pair {
		w.increases(p, backups, 5)
	}
}

// pair starts two Prometheus whose offsets are apart.
func (w *world) pair() []*testbed.Server {
	w.t.Helper()
	a := w.scraper("a", "")
	for i := range 8 {
		b := w.scraper(fmt.Sprint("b", i), "")
		apart := (w.offset(a) - w.offset(b)).Abs()
		if apart = min(apart, time.Second-apart); apart > 100*time.Millisecond {
			w.t.Logf("two Prometheus scrape %s apart", apart)
			return []*testbed.Server{a, b}
		}
		w.check(b.Stop())
	}
	w.t.Fatal("no two Prometheus that scrape at different moments")
	return nil
}

// TestCreatedTimestamps has Prometheus take created timestamps from both formats
// that carry them: a counter's 0 is then where it was created, before the first
// scrape, and the first occurrence is an increase all the same.
func TestCreatedTimestamps(t *testing.T) {
	t.Parallel()
	w := newCounter(t, setting{})
	const flag = "--enable-feature=created-timestamp-zero-ingestion"
	byFormat := map[string]*testbed.Server{}
	for _, format := range []string{"PrometheusProto", "OpenMetricsText1.0.0"} {
		byFormat[format] = w.scraper("x", "scrape_protocols: ["+format+"]", flag)
		w.offset(byFormat[format]) // it has scraped
	}
	w.recorder("lab-operator").Event(w.pod("first"), corev1.EventTypeWarning, "BackupFailed", "disk is full")
	w.counts("BackupFailed", 1)
	created := w.created("BackupFailed")
	for format, p := range byFormat {
		w.increases(p, backups, 1)
		first := w.reaches(p, backups, 1)[0]
		if first.value != 0 || math.Abs(first.at-created) > 0.001 {
			t.Errorf("%s: the first sample is %v at %.3f, want 0 at the creation at %.3f", format, first.value, first.at, created)
		}
	}
}

// created returns when a counter was created, as the OpenMetrics format has it.
func (w *world) created(reason string) float64 {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.exporter.url+"/metrics", http.NoBody)
	w.must(err)
	req.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	_, body, err := do(req)
	w.must(err)
	m := regexp.MustCompile(`(?m)^kube_event_occurrences_created\{.*reason="` + reason + `".*\} (\S+)$`).FindStringSubmatch(body)
	if m == nil {
		w.t.Fatalf("no created timestamp of %s in\n%s", reason, body)
	}
	f, err := strconv.ParseFloat(m[1], 64)
	w.must(err)
	return f
}
