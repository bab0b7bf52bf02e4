package incident

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/internal/leaktest"
)

var (
	speed  = flag.Float64("speed", 60, "how much faster than it was an incident is replayed")
	update = flag.Bool("update", false, "rewrite the tables of docs/incidents.md")
)

func TestMain(m *testing.M) {
	flag.Parse()
	leaktest.Main(m)
}

const (
	bin     = "../../bin"
	shipped = "../../deploy/examples/alertmanager.yml"
	docs    = "../../docs/incidents.md"
)

// limit is how many notifications an incident may make: the first, one when it
// grows, and that it is over.
const limit = 3

// A trial is an incident and what it must be told as.
type trial struct {
	name       string
	begin, end string // parts of its marks
	told       []string
}

func trials() []trial {
	return []trial{
		{"rollout", "checkout 2.8 is rolled out", "checkout is back", []string{"KubeEventFailed Pod/checkout"}},
		{"crash-loop", "search 5.1 is rolled out", "search 5.2 is rolled out", []string{"KubeEventBackOff Pod/search"}},
		{"node", "a node dies", "the node comes back", []string{"KubeEventNodeNotReady Node/node-b", "KubeEventRebooted Node/node-b"}},
		{"quota", "checkout is scaled", "the quota is raised", []string{"KubeEventFailedCreate ReplicaSet/checkout"}},
		{"network", "no network", "a network again", []string{
			"KubeEventFailedCreatePodSandBox Pod/cart",
			"KubeEventFailedCreatePodSandBox Pod/catalog",
			"KubeEventFailedCreatePodSandBox Pod/search",
		}},
	}
}

// TestIncidents: each incident makes few notifications, is told as what it is,
// is not told to be over before it is, and does what the docs say.
func TestIncidents(t *testing.T) {
	am, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	ts := trials()
	reports := make([]*Report, len(ts))
	var all sync.WaitGroup
	for i := range ts {
		all.Go(func() {
			r, err := Read(ts[i].name, ts[i].begin, ts[i].end)
			if err == nil {
				reports[i], err = Replay(t.Context(), r, Options{Speed: *speed, Bin: bin, Alertmanager: string(am)})
			}
			if err != nil {
				t.Errorf("%s: %v", ts[i].name, err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	var rows []string
	for i, tt := range ts {
		rep := reports[i]
		if t.Logf("%s:\n%s", tt.name, strings.Join(rep.Lines, "\n")); rep.Notifications > limit {
			t.Errorf("%s: %d notifications, want at most %d", tt.name, rep.Notifications, limit)
		}
		if d := cmp.Diff(tt.told, rep.Told); d != "" {
			t.Errorf("%s: told (-want +got)\n%s", tt.name, d)
		}
		for _, e := range rep.Early {
			t.Errorf("%s: too early: %s", tt.name, e)
		}
		rows = append(rows, row(tt.name, rep))
	}
	documented(t, "incidents", rows)
}

// row is a report as the table has it. The times at its end differ a little from run
// to run.
func row(name string, r *Report) string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %s | %s |", "`"+name+"`", r.Events, r.Occurrences, r.EachEvent,
		len(r.Alerts), r.Notifications, r.Pushes, r.Sounds, len(r.Early), about(r.First), about(r.Last))
}

func about(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}

// times are how many columns at a row's end are times.
const times = 2

// documented compares the rows with those of the docs' table of that name but
// for their times, or writes them there.
func documented(t *testing.T, name string, rows []string) {
	t.Helper()
	b, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(b), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no table between %q and %q", docs, begin, end)
	}
	head, body, _ := strings.Cut(old, " |\n| --- ")
	rule, body, _ := strings.Cut(body, "\n")
	if *update {
		text := before + begin + head + " |\n| --- " + rule + "\n" + strings.Join(rows, "\n") + "\n" + end + after
		if err := os.WriteFile(docs, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(lasting(strings.Split(strings.TrimSpace(body), "\n")), lasting(rows)); d != "" {
		t.Errorf("%s is stale, make incidents writes it anew (-docs +now)\n%s", docs, d)
	}
}

// lasting are rows without the times.
func lasting(rows []string) []string {
	var all []string
	for _, r := range rows {
		cells := strings.Split(r, "|")
		all = append(all, strings.Join(cells[:max(0, len(cells)-times-1)], "|"))
	}
	return all
}
