package docs

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestArchitecture: docs/architecture.md has each package in a table, and no
// folder that is not there. Those below test/parts are programs of others.
func TestArchitecture(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(string(data), -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			told[name[1]] = true
			if info, err := os.Stat(filepath.Join(root, name[1])); err != nil || !info.IsDir() {
				t.Errorf("there is no folder %s", name[1])
			}
		}
	}
	for _, bare := range []string{"internal", "deploy", "mixin", "test/parts"} {
		delete(told, bare) // they hold no package themselves
	}
	have := map[string]bool{}
	walk(t, ".go", func(name string) {
		if !strings.HasPrefix(name, "test/parts/") {
			have[filepath.ToSlash(filepath.Dir(name))] = true
		}
	})
	delete(have, "internal") // its doc alone
	if d := cmp.Diff(slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(told))); d != "" {
		t.Errorf("-packages +docs/architecture.md\n%s", d)
	}
}
