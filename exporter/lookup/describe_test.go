package lookup

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

const (
	uid      = "11111111-2222-3333-4444-555555555555"
	nodePath = "/api/v1/nodes/n1"
	fullPod  = `{"metadata":{"uid":"` + uid + `","labels":{"app":"cart","app.kubernetes.io/name":"cart","secret":"x"},"annotations":{"team":"a","last":"b"},
		"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"cart-7dc","uid":"r","controller":true}]},
		"spec":{"nodeName":"n1","containers":[{"name":"app","image":"lab/app:1"},{"name":"side","image":"lab/side:1"}],"initContainers":[{"name":"init","image":"lab/init:1"}]},
		"status":{"phase":"Running","podIP":"10.0.0.7","hostIP":"192.0.2.7"}}`
)

func all() Wanted {
	return Wanted{Labels: []string{"app", "app.kubernetes.io/*"}, Annotations: []string{"team"}, Owners: true, Pod: true, Zone: true}
}

func describer(t *testing.T, w Wanted) *fixture {
	f := newFixture(t, func(o *Options) { o.Wanted = w })
	f.server.whole = true
	f.server.set(podPath, fullPod)
	f.server.set(nodePath, `{"metadata":{"labels":{"topology.kubernetes.io/zone":"eu-1a"}}}`)
	return f
}

// whole is what there is to know of the pod.
func whole() Description {
	return Description{
		Labels: map[string]string{"app": "cart", "app.kubernetes.io/name": "cart"}, Annotations: map[string]string{"team": "a"},
		Owners: []occurrence.Object{
			{APIVersion: "apps/v1", Kind: "ReplicaSet", Namespace: "shop", Name: "cart-7dc", UID: "r"},
			{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "cart"},
		},
		Node: "n1", PodIP: "10.0.0.7", HostIP: "192.0.2.7", Zone: "eu-1a", Image: "lab/app:1",
	}
}

// TestDescribe has a row for each thing that can be known or not.
func TestDescribe(t *testing.T) {
	part := func(change func(*Description)) Description {
		d := whole()
		change(&d)
		return d
	}
	for _, tt := range []struct {
		name   string
		wanted Wanted
		set    map[string]string
		object func(*occurrence.Object)
		want   Description
		err    error
	}{
		{"all", all(), nil, nil, whole(), nil},
		{
			"the container that is meant", all(), nil, func(o *occurrence.Object) { o.FieldPath = "spec.initContainers{init}" },
			part(func(d *Description) { d.Image = "lab/init:1" }), nil,
		},
		{"labels alone", Wanted{Labels: []string{"app"}}, nil, nil, Description{Labels: map[string]string{"app": "cart"}}, nil},
		{"gone", all(), map[string]string{podPath: "404"}, func(o *occurrence.Object) { o.Name = "cart-2" }, Description{}, ErrGone},
		{"made anew since", all(), nil, func(o *occurrence.Object) { o.UID = "99999999-2222-3333-4444-555555555555" }, Description{}, ErrGone},
		{"a kubelet's own UID", all(), nil, func(o *occurrence.Object) { o.UID = "0123456789abcdef" }, whole(), nil},
		{"forbidden", all(), map[string]string{podPath: "403"}, nil, Description{}, ErrForbidden},
		{"owners forbidden", all(), map[string]string{setPath: "403"}, nil, part(func(d *Description) { d.Owners = d.Owners[:1] }), ErrForbidden},
		{"nodes forbidden", all(), map[string]string{nodePath: "403"}, nil, part(func(d *Description) { d.Zone = "" }), ErrForbidden},
		{"unknown", all(), nil, func(o *occurrence.Object) { o.Kind = "Widget" }, Description{}, ErrUnknown},
		{"a node", all(), nil, func(o *occurrence.Object) { *o = occurrence.Object{Kind: "Node", Name: "n1", UID: "n1"} }, Description{Zone: "eu-1a"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := describer(t, tt.wanted)
			for path, body := range tt.set {
				f.server.set(path, body)
			}
			o := thePod()
			o.UID = uid
			if tt.object != nil {
				tt.object(&o)
			}
			got, err := f.Describe(t.Context(), &o)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			n := f.server.count()
			if again, _ := f.Describe(t.Context(), &o); tt.name != "made anew since" && f.server.count() != n {
				t.Errorf("asked again, for %+v: %v", again, f.server.gets)
			}
		})
	}
}

// TestDescribeSuccessor: what has the name of one that is remembered is looked
// at itself.
func TestDescribeSuccessor(t *testing.T) {
	f := describer(t, all())
	o := thePod()
	o.UID = uid
	if _, err := f.Describe(t.Context(), &o); err != nil {
		t.Fatal(err)
	}
	o.UID = "99999999-2222-3333-4444-555555555555"
	f.server.set(podPath, `{"metadata":{"uid":"`+o.UID+`"},"spec":{"nodeName":"n1"},"status":{"podIP":"10.0.0.8"}}`)
	if d, err := f.Describe(t.Context(), &o); err != nil || d.PodIP != "10.0.0.8" {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestDescribeLate: neither a server that hangs nor a budget that is spent keeps
// anybody longer than allowed, and what is remembered is told all the same.
func TestDescribeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := describer(t, all())
		o := thePod()
		if _, err := f.Describe(t.Context(), &o); err != nil {
			t.Fatal(err)
		}
		f.server.mu.Lock()
		f.server.block = make(chan struct{})
		f.server.mu.Unlock()
		other := o
		other.Name = "cart-2"
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := f.Describe(ctx, &other); !errors.Is(err, ErrLate) || time.Since(begun) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		if d, err := f.Describe(ctx, &o); err != nil || d.Zone != "eu-1a" {
			t.Errorf("what is remembered is lost: %+v, %v", d, err)
		}
		if _, err := f.Describe(ctx, &other); !errors.Is(err, ErrLate) || time.Since(begun) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
	f := newFixture(t, func(o *Options) { o.Wanted, o.QPS, o.Burst = all(), 0.001, 1 })
	f.server.whole = true
	f.server.set(podPath, fullPod)
	o := thePod()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if d, err := f.Describe(ctx, &o); !errors.Is(err, ErrLate) || d.PodIP == "" || f.server.count() != 1 {
		t.Errorf("%v, %+v after %d requests", err, d, f.server.count())
	}
}
