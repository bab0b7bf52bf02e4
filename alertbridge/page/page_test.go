package page

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/identity"
	"github.com/kubebark/kubebark/alertbridge/noise"
	"github.com/kubebark/kubebark/alertbridge/notify"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type views []episode.View

func (vs views) Views() []episode.View { return vs }

// sample is a firing, a pending and an ended alert, at a bubble's time.
func sample(t testing.TB) views {
	t.Helper()
	set, err := rule.Compile(rule.DefaultConfig(), map[string]string{"cluster": "prod-eu"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	view := func(state episode.State, reason, message string, ago time.Duration) episode.View {
		ev := &occurrence.Event{
			Namespace: "shop", Name: "cart-7dc45b778d-x2x4q.18eb", Type: "Warning", Reason: reason, Message: message, Count: 3,
			Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "cart-7dc45b778d-x2x4q"}, Component: "kubelet", Host: "node-1",
		}
		r := set.Match(ev)
		ls, _ := r.Labels(ev, identity.Owner{})
		f := rule.Facts{Event: ev, Labels: ls, Objects: 1, Count: 3, First: now.Add(-ago), Last: now.Add(-time.Minute)}
		v := episode.View{
			Fingerprint: "00000000000000" + reason[:2], State: state, Labels: ls, Rule: r, ActiveAt: f.First, Last: f.Last,
			StartsAt: f.First, EndsAt: now.Add(19 * time.Minute), Count: 3, Affected: 1, Objects: []string{rule.ObjectPath(&ev.Object)},
			Events: []episode.Event{{Namespace: ev.Namespace, Name: ev.Name, Object: rule.ObjectPath(&ev.Object), Message: message, Count: 3, Last: f.Last}},
		}
		switch state {
		case episode.Pending:
			v.StartsAt = time.Time{}
		case episode.Ended:
			v.EndsAt, f.EndedBy = now.Add(-2*time.Minute), "recovery: Scheduled"
		}
		v.Annotations, _ = r.Annotations(&f)
		return v
	}
	return views{
		view(episode.Firing, "BackOff", "Back-off restarting failed <container>", 90*time.Minute),
		view(episode.Pending, "Unhealthy", "Readiness probe failed: \"x\"\n<script>alert(1)</script>", 2*time.Minute),
		view(episode.Ended, "FailedScheduling", "0/2 nodes are available", 26*time.Hour),
	}
}

// get asks for a path in a bubble, where it is always the same time.
func get(t *testing.T, path string, vs func(testing.TB) views) *http.Response {
	t.Helper()
	var resp *http.Response
	synctest.Test(t, func(t *testing.T) {
		m := noise.New()
		m.Add(time.Now(), noise.Source{Type: "Warning", Reason: "BackOff", Namespace: "shop", Kind: "Pod", Workload: "cart"},
			"builtin/crash-loop", noise.Counts{Occurrences: 40, Alerts: 1, Repeats: 39})
		m.Add(time.Now(), noise.Source{Type: "Normal", Reason: "Od\"d <b>", Workload: "x"}, "", noise.Counts{Occurrences: 2})
		p, err := New(Options{
			Source: vs(t), Meter: m, Logger: log.NewNopLogger(),
			Status: func(context.Context) (map[string]notify.Status, error) {
				return map[string]notify.Status{"00000000000000Ba": {
					State: "suppressed", SilencedBy: []string{"1-2-3"}, InhibitedBy: []string{"f00", "00000000000000Un"}, Receivers: []string{"oncall", "<b>"},
				}}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		p.SetAlertmanager("http://am.example:9093/prefix")
		mux := http.NewServeMux()
		for path, h := range p.Handlers() {
			mux.Handle(path, h)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		resp = w.Result()
	})
	return resp
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, s, _ := strings.Cut(b.String(), "\r\n\r\n")
	return s
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got), -update rewrites it\n%s", name, d)
	}
}

func TestHTML(t *testing.T) {
	for _, name := range []string{"alerts", "noise"} {
		r := get(t, "/"+name, sample)
		if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%d %s", r.StatusCode, r.Header.Get("Content-Type"))
		}
		html := body(t, r)
		golden(t, name+".html", regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(html, "<style/>"))
		if regexp.MustCompile(`(?i)src=|<link|<script|@import|url\(`).MatchString(html) {
			t.Errorf("%s: something comes from elsewhere, or a script runs", name)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, name := range []string{"alerts", "noise"} {
		r := get(t, "/api/v1/"+name, sample)
		var v any
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			t.Fatal(err)
		}
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", string(b)+"\n")
	}
}

func TestDropRuleIsARule(t *testing.T) {
	c := rule.DefaultConfig()
	src := noise.Source{Type: "Warning", Reason: "a\"b\\c\nd: {{ }}", Namespace: "shop", Kind: "Pod", Workload: "cart"}
	if err := conf.Parse("pasted.yml", []byte("rules:\n"+dropRule(&src)), &c); err != nil {
		t.Fatal(err)
	}
	set, err := rule.Compile(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	ev := &occurrence.Event{Type: src.Type, Reason: src.Reason, Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "cart-0"}}
	if e := set.Explain(ev); !e.Dropped || e.Rule != "rules[0]" {
		t.Errorf("%+v", e)
	}
}

func TestNoAlerts(t *testing.T) {
	none := func(testing.TB) views { return nil }
	if s := body(t, get(t, "/api/v1/alerts", none)); !strings.Contains(s, `{"data":{"alerts":[]},"status":"success"}`) {
		t.Error(s)
	}
	if s := body(t, get(t, "/alerts", none)); !strings.Contains(s, "No event has made an alert lately.") {
		t.Error(s)
	}
}

func TestQuery(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"", "BackOff Unhealthy FailedScheduling"},
		{"state=firing", "BackOff"},
		{"state=ended&severity=warning", "FailedScheduling"},
		{"severity=critical", ""},
		{"q=NODES+are", "FailedScheduling"},
		{"q=crash-loop", "BackOff"},
		{"q=prod-eu", "BackOff Unhealthy FailedScheduling"},
		{"fingerprint=00000000000000Un", "Unhealthy"},
		{"sort=since", "FailedScheduling BackOff Unhealthy"},
		{"sort=reason", "BackOff FailedScheduling Unhealthy"},
		{"sort=nonsense", "BackOff Unhealthy FailedScheduling"},
	} {
		var got struct {
			Data struct {
				Alerts []struct{ Labels map[string]string }
			}
		}
		if err := json.NewDecoder(get(t, "/api/v1/alerts?"+tt.query, sample).Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		var reasons []string
		for _, a := range got.Data.Alerts {
			reasons = append(reasons, a.Labels["reason"])
		}
		if s := strings.Join(reasons, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.query, s, tt.want)
		}
	}
	if s := body(t, get(t, "/alerts?q=%22%3E%3Cscript%3E", sample)); strings.Contains(s, "<script") {
		t.Error("what is asked for is not escaped")
	}
}

// TestAlso: from an alert to all that happened to the same workload.
func TestAlso(t *testing.T) {
	for want, v := range map[string]episode.View{
		"events?name=cart&namespace=shop": {Labels: map[string]string{"namespace": "shop", "kind": "Pod", "name": "cart-7dc45b778d-x2x4q", "reason": "BackOff"}},
		"events?name=db&namespace=a%26b":  {Labels: map[string]string{"namespace": "a&b", "kind": "StatefulSet", "name": "db"}},
		"events?kind=Node&name=n1":        {Labels: map[string]string{"kind": "Node", "name": "n1"}},
		"events?namespace=shop&reason=BackOff": {
			Folded: true, Labels: map[string]string{"namespace": "shop", "reason": "BackOff"},
		},
		"events?reason=Rebooted": {Folded: true, Labels: map[string]string{"reason": "Rebooted"}},
	} {
		if got := events(&v); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
