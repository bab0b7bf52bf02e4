package incident

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var speed = flag.Float64("speed", 60, "how much faster than it was an incident is replayed")

func TestTry(t *testing.T) {
	am, err := os.ReadFile("../../deploy/examples/alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read("two-nodes", "checkout 2.8 is", "the node comes back")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Replay(t.Context(), r, Options{Speed: *speed, Bin: "../../bin", Alertmanager: string(am)})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", rep)
	t.Log("\n" + strings.Join(rep.Lines, "\n"))
}
