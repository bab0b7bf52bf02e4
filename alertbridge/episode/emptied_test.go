package episode

import (
	"testing"
	"time"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// A rollout that is undone ends the trouble of all its pods, few of whose
// deletions are told.
func TestEmptiedReplicaSet(t *testing.T) {
	scaled := func(message string) occurrence.Occurrence {
		o := normal("ScalingReplicaSet", "cart")
		o.Message, o.Object.Kind = message, "Deployment"
		return o
	}
	for _, tt := range []struct {
		message string
		want    bool
	}{
		{"Scaled down replica set cart-7dc45b778d from 20 to 0", true},
		{"Scaled down replica set cart-7dc45b778d to 0 from 20", true},
		{"Scaled down replica set cart-7dc45b778d to 0", true},
		{"(combined from similar events): Scaled down replica set cart-7dc45b778d from 5 to 0", true},
		{"Scaled down replica set cart-7dc45b778d from 20 to 10", false},
		{"Scaled up replica set cart-7dc45b778d from 0 to 20", false},
		{"Scaled down replica set cart from 20 to 0", false},
		{"Scaled down replica set cart-7dc45b778", false},
	} {
		inWorld(t, func(w *world) {
			w.see(warning("Failed", cart1))
			w.see(warning("Failed", cart2))
			rs := warning("FailedCreate", "cart-7dc45b778d")
			rs.Object.Kind = "ReplicaSet"
			w.see(rs)
			w.got()
			w.see(scaled(tt.message))
			time.Sleep(2 * time.Minute)
			ended := map[string]string{}
			for _, a := range w.got() {
				ended[a.Labels["reason"]] = a.Annotations["ended_by"]
			}
			if got := ended["Failed"] == "object gone" && ended["FailedCreate"] == "recovery: ScalingReplicaSet"; got != tt.want {
				t.Errorf("%s: ended %v, want %v", tt.message, ended, tt.want)
			}
		})
	}
}
