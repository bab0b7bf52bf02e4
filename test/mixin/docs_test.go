package mixin

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocs: the table of alerts in docs/dashboards.md is that of the alerts.
func TestDocs(t *testing.T) {
	const (
		file  = "../../docs/dashboards.md"
		begin = "<!-- alerts: generated -->\n"
		end   = "<!-- end of alerts -->\n"
	)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks its marks", file)
	}
	var rows []string
	for name, r := range shipped(t) {
		rows = append(rows, fmt.Sprintf("| [%s](runbooks/%s.md) | %s | %s For %s. |\n", name, name, r.Labels["severity"], r.Annotations.Summary, r.For))
	}
	slices.Sort(rows)
	want := "\n| alert | severity | when |\n| --- | --- | --- |\n" + strings.Join(rows, "") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s is stale; make generate writes it anew (-want +got)\n%s", file, d)
	}
}
