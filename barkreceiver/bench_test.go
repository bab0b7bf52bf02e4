package barkreceiver

import (
	"os"
	"testing"

	"github.com/kubebark/kubebark/barkreceiver/config"
	"github.com/kubebark/kubebark/barkreceiver/render"
	"github.com/kubebark/kubebark/barkreceiver/webhook"
)

// BenchmarkRender is what a message costs without its way to Bark.
func BenchmarkRender(b *testing.B) {
	for _, name := range []string{"event", "group_mixed", "alerts_cut"} {
		b.Run(name, func(b *testing.B) {
			c, _, err := config.Load("testdata/golden/default.yml")
			if err != nil {
				b.Fatal(err)
			}
			body, err := os.ReadFile("testdata/golden/" + name + ".in.json")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				m, err := webhook.Decode(body)
				if err != nil {
					b.Fatal(err)
				}
				if p := newPlan(c.Receivers[0], render.Input{Message: m, Now: noon()}); len(p.parcels) != 1 {
					b.Fatalf("%d parcels", len(p.parcels))
				}
			}
		})
	}
}
