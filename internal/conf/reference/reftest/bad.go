package reftest

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Bad holds a program against a file of bad configurations and of what is said
// about each. A case is
//
//	=== a name
//	the configuration
//	--- what is said
//
// where each line of what is said follows the mark ---. A configuration that is
// one line in double quotes is a Go string, for what an editor would not show.
// It returns how many cases there are.
func Bad(t *testing.T, file string, load func(config string) error, update bool) int {
	t.Helper()
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	parts := strings.Split("\n"+string(old), "\n=== ")
	b.WriteString(strings.TrimPrefix(parts[0], "\n"))
	for i, part := range parts[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		config, _, _ := strings.Cut("\n"+rest, "\n--- ")
		config = strings.TrimPrefix(config, "\n")
		text := config + "\n"
		if s, err := strconv.Unquote(config); err == nil && !strings.Contains(config, "\n") && strings.HasPrefix(config, `"`) {
			text = s
		}
		if i > 0 || b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString("=== " + name + "\n" + config)
		said := "(nothing: it is taken)"
		if err := load(text); err != nil {
			said = err.Error()
		} else {
			t.Errorf("%s: it is taken", name)
		}
		for line := range strings.SplitSeq(said, "\n") {
			b.WriteString("\n--- " + line)
		}
	}
	got := b.String() + "\n"
	if update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return len(parts) - 1
	}
	if d := cmp.Diff(string(old), got); d != "" {
		t.Errorf("%s is stale; -update writes it anew (-want +got)\n%s", file, d)
	}
	return len(parts) - 1
}
