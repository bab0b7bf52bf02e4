package decode

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubebark/kubebark/exporter/occurrence"
)

func read(t *testing.T, in string) (rs []Record, faults []string) {
	t.Helper()
	err := Read(strings.NewReader(in), func(r Record, f *Fault) bool {
		if f != nil {
			faults = append(faults, f.Error())
			return true
		}
		rs = append(rs, r)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return rs, faults
}

// TestSamples holds the counts of samples.index.tsv: a line for each shape of
// event seen in the wild, and how many occurrences it stands for.
func TestSamples(t *testing.T) {
	data, err := os.ReadFile("testdata/samples.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	rs, faults := read(t, string(data))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	f, err := os.Open("testdata/samples.index.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		cols := strings.Split(s.Text(), "\t")
		line, err := strconv.Atoi(cols[0])
		if err != nil {
			continue // the heading
		}
		n++
		want, err := strconv.ParseInt(cols[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := rs[line-1].Event.Count; got != want {
			t.Errorf("line %d, %s: count %d, want %d", line, cols[1], got, want)
		}
	}
	if n != len(rs) {
		t.Errorf("%d events, %d in the index", len(rs), n)
	}
}

const coreEvent = `{"kind":"Event","apiVersion":"v1","metadata":{"name":"a.1","namespace":"shop","uid":"u1","resourceVersion":"42","creationTimestamp":"2026-11-24T09:00:02Z"},
"involvedObject":{"kind":"Pod","namespace":"shop","name":"a","uid":"p1","fieldPath":"spec.containers{app}"},"reason":"BackOff","message":"back-off",
"source":{"component":"kubelet","host":"n1"},"firstTimestamp":"2026-11-24T09:00:00Z","lastTimestamp":"2026-11-24T09:05:00Z","count":7,"type":"Warning","reportingComponent":"other"}`

func TestEvent(t *testing.T) {
	rs, faults := read(t, coreEvent)
	if len(faults) > 0 || len(rs) != 1 {
		t.Fatalf("%d events, faults %q", len(rs), faults)
	}
	at := func(s string) time.Time {
		ts, err := time.Parse(time.TimeOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return ts.AddDate(2026, 10, 23)
	}
	want := &occurrence.Event{
		Namespace: "shop", Name: "a.1", UID: "u1", Version: 42,
		Type: "Warning", Reason: "BackOff", Message: "back-off",
		Object:    occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "a", UID: "p1", FieldPath: "spec.containers{app}"},
		Component: "kubelet", Host: "n1", Count: 7, Counted: true,
		Created: at("09:00:02"), First: at("09:00:00"), Last: at("09:05:00"),
	}
	if d := cmp.Diff(want, rs[0].Event, cmp.Transformer("UTC", time.Time.UTC)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestEventsV1IsTheSameObject(t *testing.T) {
	rs, faults := read(t, `{"kind":"Event","apiVersion":"events.k8s.io/v1","metadata":{"name":"a.1","namespace":"shop"},
"regarding":{"kind":"Pod","namespace":"shop","name":"a"},"note":"no node","reason":"FailedScheduling","type":"Warning",
"eventTime":"2026-11-24T09:00:00.500000Z","reportingController":"default-scheduler","reportingInstance":"default-scheduler-cp1",
"series":{"count":19,"lastObservedTime":"2026-11-24T09:30:00.250000Z"}}`)
	if len(faults) > 0 || len(rs) != 1 {
		t.Fatalf("%d events, faults %q", len(rs), faults)
	}
	e := rs[0].Event
	if e.Count != 19 || !e.SeriesRecorder || !e.Counted || e.Component != "default-scheduler" || e.Message != "no node" ||
		e.Object.Name != "a" || e.Last.Sub(e.First) != 30*time.Minute-250*time.Millisecond {
		t.Errorf("%+v", e)
	}
}

func TestReadFormats(t *testing.T) {
	oneLine := strings.ReplaceAll(coreEvent, "\n", "")
	for _, tt := range []struct {
		name, in string
		want     string // events' names, deleted ones with a minus; then faults
	}{
		{"empty", "", ""},
		{"blank", " \n\n", ""},
		{"one object over lines", coreEvent, "a.1"},
		{"byte order mark", "\uFEFF" + coreEvent, "a.1"},
		{"lines", oneLine + "\n" + oneLine + "\n", "a.1 a.1"},
		{"two on a line", oneLine + oneLine, "a.1 a.1"},
		{"list", `{"kind":"List","items":[` + coreEvent + "," + coreEvent + "]}", "a.1 a.1"},
		{"indented list", "{\n \"kind\": \"List\",\n \"items\": [\n {\"metadata\": {\"name\": \"b.2\"}, \"kind\": \"Event\"}\n ]\n}", "b.2"},
		{"empty list", `{"kind":"EventList","items":[]}`, ""},
		{"watch lines", `{"type":"ADDED","object":` + oneLine + "}\n" + `{"type":"DELETED","object":` + oneLine + "}\n" + `{"type":"BOOKMARK","object":{}}`, "a.1 -a.1"},
		{"yaml", "apiVersion: v1\nkind: Event\nmetadata: {name: y.1}\ncount: 3\n---\n# nothing\n---\nkind: Event\nmetadata: {name: y.2}\n", "y.1 y.2"},
		{"broken line between two", oneLine + "\n{\"kind\":\n" + oneLine + "\n", "a.1 a.1 | line 2: broken JSON: unexpected EOF"},
		{"bad time", `{"kind":"Event","firstTimestamp":"yesterday"}`, ` | line 1: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`},
		{"another kind", `{"kind":"Pod"}`, ` | line 1: want an Event, have kind "Pod"`},
		{"another kind in a list", "{\"kind\":\"List\",\"items\":[{\"kind\":\"Pod\"}," + coreEvent + "]}", `a.1 | line 1: item 0: want an Event, have kind "Pod"`},
		{"odd watch line", `{"type":"GONE","object":{}}`, ` | line 1: watch line of type "GONE": want ADDED, MODIFIED, DELETED or BOOKMARK`},
		{"error watch line", `{"type":"ERROR","object":{"kind":"Status"}}`, ` | line 1: watch line of type "ERROR": want ADDED, MODIFIED, DELETED or BOOKMARK`},
		{"text", "no resources found", ` | line 1: json: cannot unmarshal string into Go value of type decode.envelope`},
		{"invalid utf-8", "{\"kind\":\"Event\",\"metadata\":{\"name\":\"x\xff\"}}", "x\uFFFD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rs, faults := read(t, tt.in)
			var got []string
			for _, r := range rs {
				name := r.Event.Name
				if r.Deleted {
					name = "-" + name
				}
				got = append(got, name)
			}
			s := strings.Join(got, " ")
			if len(faults) > 0 {
				s += " | " + strings.Join(faults, "; ")
			}
			if s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(coreEvent))
	f.Add([]byte("kind: Event\n---\n"))
	f.Add([]byte(`{"type":"ADDED","object":{"count":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = Read(strings.NewReader(string(data)), func(r Record, f *Fault) bool {
			if f == nil && r.Event.Count < 1 {
				t.Errorf("count %d", r.Event.Count)
			}
			return true
		})
	})
}

// TestTimesThatCannotBeWritten: in protobuf a client may send any year, of which
// neither JSON nor a counter's page could say anything.
func TestTimesThatCannotBeWritten(t *testing.T) {
	far, past := metav1.Unix(1<<40, 0), metav1.Unix(-1<<40, 0)
	good := metav1.Unix(1_700_000_000, 0)
	o := object{
		Metadata: metadata{CreationTimestamp: far}, FirstTimestamp: past, LastTimestamp: good,
		EventTime: metav1.MicroTime(far), Series: &series{LastObservedTime: metav1.MicroTime(far)},
	}
	var e occurrence.Event
	o.fill(&e)
	if !e.Created.IsZero() || !e.First.IsZero() || !e.Last.Equal(good.Time) {
		t.Errorf("created %v, first %v, last %v", e.Created, e.First, e.Last)
	}
}
