package episode

import (
	"hash/maphash"
	"testing"
	"time"
	"unique"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

// TestSameHash: an object whose hash another one has is not mixed up with it;
// it is only not followed.
func TestSameHash(t *testing.T) {
	inWorld(t, func(w *world) {
		w.see(warning("FailedScheduling", cart1))
		ss := &w.subjects
		ref := occurrence.Object{Kind: "Pod", Namespace: "bank", Name: "db-0"}
		other := objectOf(&ref)
		for _, s := range ss.byHash {
			ss.byHash[maphash.Comparable(ss.seed, other)] = s
			break
		}
		if got := ss.about(other); got != nil {
			t.Errorf("%s has the troubles of another", other.name)
		}
		e := &episode{}
		if ss.join(e, &affected{}, &ref) || len(e.objects) != 0 {
			t.Error("two objects have become one")
		}
	})
}

func TestMoment(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(1_700_000_000, 123_456_789)} {
		if got := momentOf(at).time(); !got.Equal(at) {
			t.Errorf("%v became %v", at, got)
		}
	}
}

// TestSavedWithoutParts: what a damaged state holds of an object stops nothing.
func TestSavedWithoutParts(t *testing.T) {
	so := SavedObject{Kind: "Pod", Namespace: "shop", Name: "cart"}
	a := so.affected()
	a.subject = &subject{place: unique.Make(place{kind: so.Kind, namespace: so.Namespace}), name: so.Name}
	so.Parts = []SavedPart{{Recovered: true}}
	if d := cmp.Diff(so, a.save()); d != "" || a.troubled() {
		t.Error(d)
	}
}
