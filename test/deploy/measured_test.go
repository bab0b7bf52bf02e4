package deploy

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
)

// TestResourcesAreMeasured: what the exporter asks for is what docs/performance.md
// has measured in a small cluster, and not many times that; and it is killed no
// sooner than a large one needs.
func TestResourcesAreMeasured(t *testing.T) {
	t.Parallel()
	d := deployment(t, variant{}.kustomized(t), "kube-event-exporter")
	r := d.Spec.Template.Spec.Containers[0].Resources
	mib := func(q *resource.Quantity) float64 { return float64(q.Value()) / (1 << 20) }
	request, limit := mib(r.Requests.Memory()), mib(r.Limits.Memory())
	small, large := peak(t, "small cluster, 1,000 events"), peak(t, "500,000 events, then 200,000 writes")
	if request < small || request > 3*small {
		t.Errorf("it asks for %.0f MiB, and a small cluster takes %.1f", request, small)
	}
	if limit < 1.2*large {
		t.Errorf("it is limited to %.0f MiB, and 500,000 events take %.1f", limit, large)
	}
}

// peak is the most memory, in MiB, that docs/performance.md has for the exporter in
// a scenario, with a state file or an event log or without.
func peak(t *testing.T, scenario string) float64 {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "performance.md"))
	must(t, err)
	most, at, column := 0.0, "", 0
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if i := slices.Index(cells, "peak MiB"); i > 0 {
			column = i
		}
		if column == 0 || len(cells) <= column {
			column = 0 // the table is over
			continue
		}
		if cells[1] != "" {
			at = cells[1]
		}
		if at == scenario && strings.HasPrefix(cells[2], "exporter") {
			n, err := strconv.ParseFloat(strings.ReplaceAll(cells[column], ",", ""), 64)
			must(t, err)
			most = math.Max(most, n)
		}
	}
	if most == 0 {
		t.Fatalf("docs/performance.md has nothing of %q", scenario)
	}
	return most
}

// isAsDocumented: docs/install.md tells the size of the image's files.
func isAsDocumented(t *testing.T, size int64) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "install.md"))
	must(t, err)
	m := regexp.MustCompile(`nothing else, (\d+) MiB`).FindSubmatch(data)
	if m == nil {
		t.Fatal("docs/install.md does not tell how large the image is")
	}
	told, err := strconv.ParseFloat(string(m[1]), 64)
	must(t, err)
	if have := float64(size) / (1 << 20); math.Abs(have-told) > 1.5 {
		t.Errorf("the image's files have %.1f MiB, and docs/install.md says %.0f", have, told)
	}
}
