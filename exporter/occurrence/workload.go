package occurrence

import (
	"strconv"
	"strings"
)

const (
	// safe is the alphabet of names that Kubernetes makes up: no vowels, so
	// that no words come about, and none of 0, 1 and 3.
	safe = "bcdfghjklmnpqrstvwxz2456789"
	// hashed is what a pod-template-hash is made of: the decimal digits of a
	// 32-bit number, each led into the safe alphabet by its character code
	// modulo 27, which reaches ten letters only.
	hashed = "bcdf456789"
	alnum  = "abcdefghijklmnopqrstuvwxyz0123456789"

	suffixLen = 5  // of metadata.generateName
	maxLen    = 63 // of a name made from metadata.generateName

	minHash, minLooseHash, maxHash = 6, 8, 10

	// Minutes since 1970 that can be a CronJob's schedule time: from mid-2019
	// to 2036. A date such as 20240101 lies below.
	minMinute, maxMinute = 26_000_000, 35_000_000

	maxOrdinalLen = 3
)

// Workload returns the workload that an object belongs to, by its kind and name
// alone: the name without what Kubernetes generated (the hash of a ReplicaSet
// and the random end of a pod's name, the ordinal of a StatefulSet's pod, the
// minute of a CronJob's Job), and the name itself where the shape is not
// unmistakable or the kind has no generated names.
func Workload(kind, name string) string {
	switch kind {
	case "Pod":
		return pod(name)
	case "ReplicaSet":
		if base, hash := cut(name); isHash(hash) && base != "" {
			return base
		}
	case "Job":
		return job(name)
	}
	return name
}

func pod(name string) string {
	base, last := cut(name)
	switch {
	case base == "":
		return name
	case len(last) == suffixLen && only(last, alnum):
		if b := generated(base); b != base || isSuffix(last) {
			return b
		}
	case isOrdinal(last):
		return base
	case len(name) == maxLen && isSuffix(name[maxLen-suffixLen:]):
		return truncated(name)
	}
	return name
}

// generated takes off what the controller put in front of the random end. That
// alone is unmistakable, so the random end may then be made by anybody.
func generated(base string) string {
	b, last := cut(base)
	if b == "" {
		return base
	}
	if isHash(last) || isMinute(last) {
		return b
	}
	// A pod of an indexed Job that a CronJob made: report-29012345-7-x2x4q.
	if bb, minute := cut(b); isOrdinal(last) && bb != "" && isMinute(minute) {
		return bb
	}
	return base
}

// truncated handles a name whose generateName was too long: it is cut to make
// room for the random end, be it in the middle of the hash and without a dash.
func truncated(name string) string {
	base := name[:maxLen-suffixLen]
	b, last := cut(base)
	if b != "" && last != "" && len(last) <= maxHash && only(last, hashed) {
		return b
	}
	return name
}

func job(name string) string {
	if base, last := cut(name); base != "" && isMinute(last) {
		return base
	}
	return name
}

// cut splits name at its last dash; without one the base is empty.
func cut(name string) (base, last string) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

// isSuffix tells whether s looks like a random end. "https" does, but is not.
func isSuffix(s string) bool {
	return len(s) == suffixLen && only(s, safe) && s != "https"
}

// isHash tells whether s looks like a pod-template-hash. Other programs that
// set the label may use the whole alphabet, but then it must be of full length.
func isHash(s string) bool {
	if len(s) > maxHash || !strings.ContainsAny(s, "2456789") {
		return false
	}
	return len(s) >= minHash && only(s, hashed) || len(s) >= minLooseHash && only(s, safe)
}

func isOrdinal(s string) bool {
	if s == "" || len(s) > maxOrdinalLen || !only(s, "0123456789") {
		return false
	}
	return s == "0" || s[0] != '0'
}

func isMinute(s string) bool {
	if len(s) != 8 || !only(s, "0123456789") {
		return false
	}
	n, err := strconv.Atoi(s)
	return err == nil && minMinute <= n && n <= maxMinute
}

func only(s, alphabet string) bool {
	for i := range len(s) {
		if strings.IndexByte(alphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}
