package mixin

import (
	"flag"
	"testing"

	"github.com/kubebark/kubebark/internal/leaktest"
)

var update = flag.Bool("update", false, "write rendered and golden files anew")

const folder = "../../mixin"

func TestMain(m *testing.M) { leaktest.Main(m) }

// rendered is what the mixin renders with the configuration that is shipped.
func rendered(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := Render(folder, "")
	if err != nil {
		t.Fatal(err)
	}
	return files
}
