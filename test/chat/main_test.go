package chat

import (
	"flag"
	"testing"

	"github.com/kubebark/kubebark/internal/leaktest"
)

var update = flag.Bool("update", false, "rewrite the texts")

func TestMain(m *testing.M) {
	flag.Parse()
	leaktest.Main(m)
}
