package main

import "testing"

func TestPercent(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name          string
		live, scanned uint64
		want          int
	}{
		{"nothing yet", 0, 0, 40},
		{"all can hold pointers", 4 * mib, 4 * mib, 40},
		{"more than was live", 4 * mib, 5 * mib, 40},
		{"half of it counts", 12 * mib, 6 * mib, 20},
		{"nearly all of it counts", 500 * mib, 6 * mib, 10},
	} {
		if got := percent(tt.live, tt.scanned); got != tt.want {
			t.Errorf("%s: %d percent, want %d", tt.name, got, tt.want)
		}
	}
}
