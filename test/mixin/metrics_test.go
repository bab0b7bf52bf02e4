package mixin

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestMetricsExist: every metric of ours that an alert, a rule or a panel names
// is one that docs/metrics.md lists, which is what the programs expose.
func TestMetricsExist(t *testing.T) {
	docs, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)`").FindAllStringSubmatch(string(docs), -1) {
		listed[m[1]] = true
	}
	name := regexp.MustCompile(`\b(kube_event_(exporter|occurrences|last)|alertmanager_bark)_[a-z_]+`)
	for file, content := range rendered(t) {
		used := name.FindAllString(string(content), -1)
		if len(used) == 0 {
			t.Errorf("%s names no metric", file)
		}
		for _, metric := range used {
			if !listed[metric] && !listed[strings.TrimSuffix(metric, "_bucket")] {
				t.Errorf("%s names %s, which docs/metrics.md does not", file, metric)
			}
		}
	}
}
