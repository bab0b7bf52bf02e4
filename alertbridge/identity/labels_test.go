package identity

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLabels(t *testing.T) {
	type ls = map[string]string
	for _, tt := range []struct {
		mode                  Mode
		kind, namespace, name string
		want                  ls
	}{
		{ModeWorkload, "Pod", "shop", "cart-7dc45b778d-x2x4q", ls{"namespace": "shop", "kind": "Pod", "name": "cart"}},
		{ModeObject, "Pod", "shop", "cart-7dc45b778d-x2x4q", ls{
			"namespace": "shop", "kind": "Pod", "name": "cart-7dc45b778d-x2x4q", "pod": "cart-7dc45b778d-x2x4q",
		}},
		{ModeOwner, "Pod", "shop", "db-0", ls{"namespace": "shop", "kind": "Pod", "name": "db"}},
		{ModeWorkload, "Node", "", "node-1", ls{"kind": "Node", "name": "node-1", "node": "node-1"}},
		{ModeWorkload, "Job", "shop", "report-29012345", ls{
			"namespace": "shop", "kind": "Job", "name": "report", "job_name": "report",
		}},
		{ModeObject, "Job", "shop", "report-29012345", ls{
			"namespace": "shop", "kind": "Job", "name": "report-29012345", "job_name": "report-29012345",
		}},
		{ModeWorkload, "Namespace", "", "shop", ls{"namespace": "shop", "kind": "Namespace", "name": "shop"}},
		{ModeWorkload, "Widget", "shop", "w", ls{"namespace": "shop", "kind": "Widget", "name": "w"}},
		{ModeWorkload, "", "", "", ls{}},
	} {
		got := Labels(tt.mode, tt.kind, tt.namespace, tt.name, Owner{})
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("Labels(%s, %s, %s, %s) (-want +got)\n%s", tt.mode, tt.kind, tt.namespace, tt.name, d)
		}
	}
}

func TestLabelsOfOwner(t *testing.T) {
	type ls = map[string]string
	for _, tt := range []struct {
		mode  Mode
		owner Owner
		want  ls
	}{
		{ModeOwner, Owner{"Deployment", "cart"}, ls{"namespace": "shop", "kind": "Deployment", "name": "cart", "deployment": "cart"}},
		{ModeOwner, Owner{"Rollout", "cart"}, ls{"namespace": "shop", "kind": "Rollout", "name": "cart"}},
		{ModeOwner, Owner{"Pod", "db-0"}, ls{"namespace": "shop", "kind": "Pod", "name": "db-0"}}, // nothing controls it
		{ModeOwner, Owner{"Node", "node-1"}, ls{"kind": "Node", "name": "node-1", "node": "node-1"}},
		{ModeWorkload, Owner{"Deployment", "cart"}, ls{"namespace": "shop", "kind": "Pod", "name": "db"}},
	} {
		if d := cmp.Diff(tt.want, Labels(tt.mode, "Pod", "shop", "db-0", tt.owner)); d != "" {
			t.Errorf("%s of %v (-want +got)\n%s", tt.mode, tt.owner, d)
		}
	}
}

func TestModeValidate(t *testing.T) {
	for _, m := range []Mode{"", ModeWorkload, ModeObject, ModeOwner} {
		if err := m.Validate(); err != nil {
			t.Errorf("%q: %v", m, err)
		}
	}
	if err := Mode("pod").Validate(); err == nil {
		t.Error("an unknown mode is accepted")
	}
}
