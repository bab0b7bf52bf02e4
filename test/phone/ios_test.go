package phone_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/phone"
)

// titles lists what the lock screen shows, from the top.
func titles(s phone.State) []string {
	out := []string{}
	for _, n := range s.Notifications {
		out = append(out, n.Title)
	}
	return out
}

func TestSameIDReplaces(t *testing.T) {
	l := newLab(t, phone.Options{})
	l.push(t, to("id", "a", "title", "disk", "group", "g"))
	l.push(t, to("id", "b", "title", "cpu"))
	first := l.alice.State().Notifications[1]
	l.push(t, to("id", "a", "title", "disk again"))
	s := l.alice.State()
	if diff := cmp.Diff([]string{"disk again", "cpu"}, titles(s)); diff != "" {
		t.Errorf("lock screen (-want +got):\n%s", diff)
	}
	n := s.Notifications[0]
	if n.Updates != 1 || !n.First.Equal(first.Time) || n.Group != "" {
		t.Errorf("updated notification: %+v", n)
	}
	if s.Sounds != 3 || s.Wakes != 3 {
		t.Errorf("%d sounds and %d wakes, want 3 each: an update sounds again", s.Sounds, s.Wakes)
	}
	if len(s.History) != 2 || s.History[0].Title != "disk again" {
		t.Errorf("history: %v", s.History)
	}
}

func TestWithoutIDStacks(t *testing.T) {
	l := newLab(t, phone.Options{})
	l.push(t, to("title", "x"))
	l.push(t, to("title", "x"))
	if got := titles(l.alice.State()); len(got) != 2 {
		t.Errorf("two pushes without id show %v", got)
	}
	if got := titles(l.bob.State()); len(got) != 0 {
		t.Errorf("another phone shows %v", got)
	}
}

func TestDelete(t *testing.T) {
	for name, c := range map[string]struct {
		push     map[string]any
		noBackgd bool
		want     []string
	}{
		"string":        {push: to("id", "a", "delete", "1"), want: []string{}},
		"number":        {push: to("id", "a", "delete", 1), want: []string{}},
		"true shows":    {push: to("id", "a", "delete", true), want: []string{""}},
		"another id":    {push: to("id", "b", "delete", "1"), want: []string{"disk"}},
		"without id":    {push: to("delete", "1"), want: []string{"disk"}},
		"no background": {push: to("id", "a", "delete", "1"), noBackgd: true, want: []string{"disk"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := lab{Server: phone.New(phone.Options{})}
			l.alice = l.AddDevice(phone.DeviceOptions{Key: aliceKey, NoBackground: c.noBackgd})
			srv := httptest.NewServer(l)
			defer srv.Close()
			l.url = srv.URL
			l.push(t, to("id", "a", "title", "disk"))
			l.push(t, c.push)
			s := l.alice.State()
			if diff := cmp.Diff(c.want, titles(s)); diff != "" {
				t.Errorf("lock screen (-want +got):\n%s", diff)
			}
			if len(s.History) != len(c.want) {
				t.Errorf("history: %v", s.History)
			}
			if want := 1 + strings.Count(name, "true"); s.Sounds != want {
				t.Errorf("%d sounds, want %d: a background push makes none", s.Sounds, want)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	type effect struct {
		Level        phone.Level
		Sounds, Wake int
		Volume       float64
	}
	for name, c := range map[string]struct {
		push map[string]any
		want effect
	}{
		"none":           {to("body", "b"), effect{phone.Active, 1, 1, 0}},
		"unknown":        {to("level", "loud"), effect{phone.Active, 1, 1, 0}},
		"passive":        {to("level", "passive"), effect{phone.Passive, 0, 0, 0}},
		"time sensitive": {to("level", "timeSensitive"), effect{phone.TimeSensitive, 1, 1, 0}},
		"critical":       {to("level", "critical"), effect{phone.Critical, 1, 1, 0.5}},
		"volume":         {to("level", "critical", "volume", "8"), effect{phone.Critical, 1, 1, 0.8}},
		"volume clamped": {to("level", "critical", "volume", "80"), effect{phone.Critical, 1, 1, 1}},
		"silence":        {to("sound", "silence"), effect{phone.Active, 0, 1, 0}},
		"empty sound":    {to("sound", ""), effect{phone.Active, 0, 1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, phone.Options{})
			l.push(t, c.push)
			s := l.alice.State()
			n := s.Notifications[0]
			if diff := cmp.Diff(c.want, effect{n.Level, s.Sounds, s.Wakes, n.Volume}); diff != "" {
				t.Errorf("effect (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadge(t *testing.T) {
	l := newLab(t, phone.Options{})
	l.push(t, to("title", "a", "badge", "3"))
	l.push(t, to("title", "b", "badge", "many"))
	if s := l.alice.State(); s.Badge != 3 || len(s.Notifications) != 2 {
		t.Errorf("badge %d, %v", s.Badge, titles(s))
	}
	l.push(t, to("title", "c", "badge", "0"))
	if s := l.alice.State(); s.Badge != 0 || len(s.Notifications) != 1 {
		t.Errorf("after a badge of 0: badge %d, %v", s.Badge, titles(s))
	}
}

func TestArchive(t *testing.T) {
	l := newLab(t, phone.Options{})
	for _, kv := range [][]any{
		{"title", "default"}, {"title", "yes", "isArchive", "1"}, {"title", "no", "isArchive", "0"},
	} {
		l.push(t, to(kv...))
	}
	h := l.alice.State().History
	if len(h) != 2 || h[0].Title != "yes" || h[1].Title != "default" {
		t.Errorf("history: %v", h)
	}
}

func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := phone.New(phone.Options{})
		defer s.Close()
		d := s.AddDevice(phone.DeviceOptions{Key: "k"})
		get := func(path string) {
			s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		}
		get("/k?title=short&id=a&ttl=60")
		get("/k?title=unsaved&id=b&ttl=60&isarchive=0")
		get("/k?title=renewed&id=c&ttl=60")
		time.Sleep(30 * time.Second)
		get("/k?title=renewed&id=c&ttl=60")
		time.Sleep(31 * time.Second)
		st := d.State()
		if diff := cmp.Diff([]string{"renewed", "unsaved"}, titles(st)); diff != "" {
			t.Errorf("after a minute (-want +got):\n%s", diff)
		}
		if len(st.History) != 1 {
			t.Errorf("history after a minute: %v", st.History)
		}
		time.Sleep(30 * time.Second)
		if st := d.State(); len(st.Notifications) != 1 || len(st.History) != 0 {
			t.Errorf("in the end: %v, history %v", titles(st), st.History)
		}
	})
}

func TestMarkdown(t *testing.T) {
	l := newLab(t, phone.Options{})
	l.push(t, to("body", "fallback", "markdown", "# Disk\n- **95%** `<b>`\n- [more](http://x)\nend"))
	const want = "<strong>Disk</strong>\n<ul><li><strong>95%</strong> <code>&lt;b&gt;</code></li><li><u>more</u></li></ul>end"
	if got := string(last(t, l.alice).HTML); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	l.push(t, to("body", "<script>"))
	if got := string(last(t, l.alice).HTML); got != "&lt;script&gt;" {
		t.Errorf("plain body shown as %q", got)
	}
}

func TestEvents(t *testing.T) {
	l := newLab(t, phone.Options{})
	l.push(t, to("id", "a", "title", "1"))
	l.push(t, to("id", "a", "title", "2"))
	l.push(t, to("id", "a", "delete", "1"))
	l.push(t, to("id", "a", "delete", "1"))
	l.push(t, to("title", "3"))
	l.alice.Clear()
	var got []phone.Kind
	seq := 0
	for _, e := range l.Events(0) {
		got = append(got, e.Kind)
		seq = e.Seq
	}
	want := []phone.Kind{phone.Shown, phone.Updated, phone.Removed, phone.Ignored, phone.Shown, phone.Cleared}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if rest := l.Events(seq - 1); len(rest) != 1 || rest[0].Kind != phone.Cleared {
		t.Errorf("events after %d: %v", seq-1, rest)
	}
}
