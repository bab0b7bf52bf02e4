package shard

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/sharding"
)

// server is the API server's own matching of a selector.
func server(t *testing.T, selector string) sharding.Selector {
	t.Helper()
	parts := strings.Split(selector, "'")
	if len(parts) != 5 || parts[0] != "shardRange(object.metadata.namespace, " || parts[4] != ")" {
		t.Fatalf("selector %q", selector)
	}
	s := sharding.NewSelector(sharding.ShardRangeRequirement{Key: "object.metadata.namespace", Start: parts[1], End: parts[3]})
	if s.String() != selector {
		t.Fatalf("the server says %q for %q", s, selector)
	}
	return s
}

// TestShards: each namespace is in exactly one shard, and both sides agree on
// which.
func TestShards(t *testing.T) {
	names := []string{"", "default", "kube-system"}
	for i := range 500 {
		names = append(names, fmt.Sprintf("team-%d-shop", i))
	}
	for _, total := range []int{1, 2, 3, 4, 5, 7, 16, 100, 1000} {
		in := map[string]int{}
		for i := range total {
			s := Shard{i, total}
			agrees := func(string, bool) {}
			if !s.Whole() {
				selector := server(t, s.Selector())
				agrees = func(name string, has bool) {
					matches, err := selector.Matches(&metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: name}})
					if err != nil || matches != has {
						t.Fatalf("shard %s has %q: we say %t, the server %t, %v", s, name, has, matches, err)
					}
				}
			}
			for _, name := range names {
				has := s.Has(name)
				if has {
					in[name]++
				}
				agrees(name, has)
			}
		}
		for _, name := range names {
			if in[name] != 1 {
				t.Fatalf("%q is in %d of %d shards", name, in[name], total)
			}
		}
	}
}

// TestBounds: the ranges touch each other, from the first hash to the last.
func TestBounds(t *testing.T) {
	for _, total := range []int{2, 3, 10, 999} {
		s := Shard{0, total}
		if s.bound(0) != "0x0000000000000000" || s.bound(total) != "0x10000000000000000" {
			t.Errorf("of %d: from %s to %s", total, s.bound(0), s.bound(total))
		}
	}
	want := "shardRange(object.metadata.namespace, '0x5555555555555556', '0xaaaaaaaaaaaaaaab')"
	if got := (Shard{1, 3}).Selector(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhole(t *testing.T) {
	for _, s := range []Shard{{}, {0, 1}} {
		if !s.Has("any") || s.Selector() != "" || s.String() != "0/1" {
			t.Errorf("%+v is not the whole", s)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		index, pod string
		total      int
		want       string // a shard or an error
	}{
		{"0", "", 1, "0/1"},
		{"2", "", 3, "2/3"},
		{"auto", "kube-event-exporter-2", 3, "2/3"},
		{"auto", "exporter-0", 1, "0/1"},
		{"3", "", 3, "--shard: want less than --total-shards, which is 3, have 3"},
		{"-1", "", 3, `--shard: want a number from 0 on or auto, have "-1"`},
		{"", "", 3, `--shard: want a number from 0 on or auto, have ""`},
		{"one", "", 3, `--shard: want a number from 0 on or auto, have "one"`},
		{"+1", "", 3, `--shard: want a number from 0 on or auto, have "+1"`},
		{"0", "", 0, "--total-shards: want 1 to 1000, have 0"},
		{"0", "", -2, "--total-shards: want 1 to 1000, have -2"},
		{"auto", "kube-event-exporter-3", 3, `--shard=auto: pod "kube-event-exporter-3" is beyond --total-shards=3; both are to be the StatefulSet's replicas`},
		{"auto", "kube-event-exporter-7dc45b778d-x2x4q", 3, `--shard=auto: want a StatefulSet's pod, whose name ends with its number, have "kube-event-exporter-7dc45b778d-x2x4q"`},
		{"auto", "", 3, `--shard=auto: want a StatefulSet's pod, whose name ends with its number, have ""`},
		{"auto", "7", 8, `--shard=auto: want a StatefulSet's pod, whose name ends with its number, have "7"`},
	} {
		s, err := Parse(tt.index, tt.total, tt.pod)
		got := s.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q of %d, pod %q: %s\nwant %s", tt.index, tt.total, tt.pod, got, tt.want)
		}
	}
}
