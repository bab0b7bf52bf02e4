package docs

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDependencies: docs/dependencies.md has the modules that go.mod asks for
// directly, in the same order and version, and when these were released as far as
// Go's module cache knows it.
func TestDependencies(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	released := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\S+)` \\| (\\S+) \\| (\\S+) \\| .+ \\|$").FindAllStringSubmatch(string(data), -1) {
		got = append(got, m[1]+" "+m[2])
		released[m[1]] = m[3]
	}
	for _, m := range modules(t) {
		want = append(want, m.Path+" "+m.Version)
		if day := m.day(t); day != "" && day != released[m.Path] {
			t.Errorf("%s %s was released on %s", m.Path, m.Version, day)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-go.mod +docs/dependencies.md\n%s", d)
	}
}

type module struct {
	Path, Version string
	Indirect      bool
}

// modules are those that the product asks for directly.
func modules(t *testing.T) []module {
	t.Helper()
	var file struct{ Require []module }
	if err := json.Unmarshal(run(t, "mod", "edit", "-json"), &file); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(file.Require, func(m module) bool { return m.Indirect })
}

// day is when the version was released; "" where the module cache does not know.
func (m *module) day(t *testing.T) string {
	t.Helper()
	cache := strings.TrimSpace(string(run(t, "env", "GOMODCACHE")))
	data, err := os.ReadFile(filepath.Join(cache, "cache", "download", m.Path, "@v", m.Version+".info"))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	var info struct{ Time time.Time }
	if err := errors.Join(err, json.Unmarshal(data, &info)); err != nil {
		t.Fatal(err)
	}
	return info.Time.UTC().Format(time.DateOnly)
}

func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	return out
}
