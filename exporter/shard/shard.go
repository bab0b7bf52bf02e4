// Package shard divides a cluster's events among several exporters, by the
// namespace in which the Event object is.
//
// The division is that of the API server's own shardSelector: the 64-bit FNV-1a
// hash of the name, in ranges of equal size. So it does not matter which side
// filters. [Shard.Has] is the client's side, and [Shard.Selector] what is asked
// of the server.
package shard

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/bits"
	"strconv"
	"strings"
)

// Shard is one of Total parts. The zero value is the whole.
type Shard struct{ Index, Total int }

// maxTotal is far beyond what is of use, since each exporter makes the API
// server read all events.
const maxTotal = 1000

// Parse returns a shard from the flags --shard and --total-shards. The index
// "auto" is the ordinal at the end of the pod's name.
func Parse(index string, total int, pod string) (Shard, error) {
	if total < 1 || total > maxTotal {
		return Shard{}, fmt.Errorf("--total-shards: want 1 to %d, have %d", maxTotal, total)
	}
	if index == "auto" {
		i := strings.LastIndexByte(pod, '-')
		n, err := ordinal(pod[i+1:])
		if i < 0 || err != nil {
			return Shard{}, fmt.Errorf("--shard=auto: want a StatefulSet's pod, whose name ends with its number, have %q", pod)
		}
		if n >= total {
			return Shard{}, fmt.Errorf("--shard=auto: pod %q is beyond --total-shards=%d; both are to be the StatefulSet's replicas", pod, total)
		}
		return Shard{n, total}, nil
	}
	n, err := ordinal(index)
	if err != nil {
		return Shard{}, fmt.Errorf("--shard: want a number from 0 on or auto, have %q", index)
	}
	if n >= total {
		return Shard{}, fmt.Errorf("--shard: want less than --total-shards, which is %d, have %d", total, n)
	}
	return Shard{n, total}, nil
}

func ordinal(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err == nil && (n < 0 || s[0] == '+') {
		err = errors.New("no ordinal")
	}
	return n, err
}

// Whole tells that there is only one.
func (s Shard) Whole() bool { return s.Total <= 1 }

// String returns the index and the total: 0/1 for the whole.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, max(1, s.Total)) }

// Has tells whether events in the namespace are the shard's.
func (s Shard) Has(namespace string) bool {
	if s.Whole() {
		return true
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(namespace))              // it never fails
	i, _ := bits.Mul64(h.Sum64(), uint64(s.Total)) //nolint:gosec // never negative
	return i == uint64(s.Index)                    //nolint:gosec // never negative
}

// Selector returns what the API server calls the shard, "" for the whole.
func (s Shard) Selector() string {
	if s.Whole() {
		return ""
	}
	return fmt.Sprintf("shardRange(object.metadata.namespace, '%s', '%s')", s.bound(s.Index), s.bound(s.Index+1))
}

// bound returns the least hash of a shard, in hexadecimal. Of the one after the
// last it is 2^64.
func (s Shard) bound(index int) string {
	if index == s.Total {
		return "0x10000000000000000"
	}
	// The least h with h × total ≥ index × 2^64.
	q, r := bits.Div64(uint64(index), 0, uint64(s.Total)) //nolint:gosec // never negative
	if r > 0 {
		q++
	}
	return fmt.Sprintf("0x%016x", q)
}
