package rule

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the table of docs/alerts-builtin.md")

const (
	docs       = "../../docs/alerts-builtin.md"
	tableBegin = "<!-- builtin rules: generated, see alertbridge/rule/docs_test.go -->\n"
	tableEnd   = "<!-- end of builtin rules -->\n"
)

// TestDocs fails when the table of shipped rules in the docs is stale.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(b), tableBegin)
	got, tail, ok2 := strings.Cut(rest, tableEnd)
	if !ok1 || !ok2 {
		t.Fatalf("%s has lost its marks", docs)
	}
	want := table(t)
	if *update {
		if err := os.WriteFile(docs, []byte(head+tableBegin+want+tableEnd+tail), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got), -update rewrites it\n%s", docs, d)
	}
}

func table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| rule | matches | severity | fires | quiet for | ends on | why |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range compiled(t, DefaultConfig(), nil).Rules() {
		severity, fires, quiet, ends := r.severity(), r.Hold(), r.quiet(), strings.Join(r.ResolveOn, ", ")
		switch {
		case r.Drop:
			severity, fires, quiet = "dropped", "", ""
		case fires == "":
			fires = "at once"
		default:
			fires = "once " + fires
		}
		if r.ResolveAfter > 0 {
			ends += ", held for " + duration(r.ResolveAfter)
		}
		if r.Once {
			quiet += ", said once"
		}
		cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s | %s | %s |\n",
			r.Name, cell(r.Matchers()), severity, fires, quiet, ends, cell(strings.TrimSpace(r.Why)))
	}
	b.WriteString("\n")
	return b.String()
}
