package main

import "testing"

func TestPercent(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name                  string
		live, scanned, cycles uint64
		want                  int
	}{
		{"nothing yet", 0, 0, 0, 15},
		{"little to do", 4 * mib, 4 * mib, 2, 15},
		{"much to do", 4 * mib, 4 * mib, 3, 20},
		{"more than was live", 4 * mib, 5 * mib, 3, 20},
		{"half of it counts", 12 * mib, 6 * mib, 3, 10},
		{"very much to do", 40 * mib, 20 * mib, 3, 30},
		{"very much, and little to do", 40 * mib, 20 * mib, 0, 7},
		{"half of it counts, and little to do", 12 * mib, 6 * mib, 0, 7},
		{"nearly all of it counts", 500 * mib, 6 * mib, 3, 10},
		{"nearly all of it counts, and little to do", 500 * mib, 6 * mib, 1, 5},
	} {
		if got := percent(tt.live, tt.scanned, tt.cycles); got != tt.want {
			t.Errorf("%s: %d percent, want %d", tt.name, got, tt.want)
		}
	}
}
