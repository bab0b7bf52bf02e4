package alertmanager_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubebark/kubebark/test/alertmanager"
)

// configuration routes all to the hook, all in one group; more follows at the
// top level.
func configuration(h *hook, more string) string {
	return fmt.Sprintf(`
route:
  receiver: on.call
  group_by: [namespace]
  group_wait: 10ms
  group_interval: 100ms
  repeat_interval: 1h
receivers:
- name: on.call
  webhook_configs: [{url: %s}]
%s`, h.URL, more)
}

func start(t *testing.T, config string, opts alertmanager.Options) (*alertmanager.Alertmanager, client) {
	t.Helper()
	opts.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	am, err := alertmanager.Start(t.Context(), config, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := am.Stop(); err != nil {
			t.Error(err)
		}
	})
	return am, client{am.URL()}
}

func wantMessage(t *testing.T, h *hook, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, summary(h.next(t))); d != "" {
		t.Fatalf("message (-want +got)\n%s", d)
	}
}

func TestFiringAndResolved(t *testing.T) {
	h := newHook(t)
	_, c := start(t, configuration(h, ""), alertmanager.Options{})
	c.fire(t, "Crash")
	wantMessage(t, h, "firing: first notification", "firing Crash")
	c.fire(t, "Pull")
	wantMessage(t, h, "firing: new alerts added", "firing Crash", "firing Pull")
	c.resolve(t, "Crash")
	wantMessage(t, h, "firing: some alerts resolved", "firing Pull", "resolved Crash")
	c.resolve(t, "Pull")
	wantMessage(t, h, "resolved: all alerts resolved", "resolved Pull")
}

func TestRepeat(t *testing.T) {
	h := newHook(t)
	config := fmt.Sprintf(`
route: {receiver: r, group_wait: 10ms, group_interval: 100ms, repeat_interval: 100ms}
receivers: [{name: r, webhook_configs: [{url: %s}]}]
`, h.URL)
	_, c := start(t, config, alertmanager.Options{})
	c.fire(t, "Crash")
	wantMessage(t, h, "firing: first notification", "firing Crash")
	m := h.next(t)
	if want := "repeat interval elapsed"; m.NotificationReason != want || !m.Repeat() {
		t.Errorf("reason %q, a repeat: %v; want %q", m.NotificationReason, m.Repeat(), want)
	}
}

func TestSilence(t *testing.T) {
	h := newHook(t)
	_, c := start(t, configuration(h, ""), alertmanager.Options{})
	id := c.silence(t, "Crash")
	c.fire(t, "Crash")
	if got := c.waitMuted(t, "Crash").SilencedBy; !slices.Equal(got, []string{id}) {
		t.Errorf("silenced by %q, want %s", got, id)
	}
	// It is in the group of which the message tells, and yet not in that.
	c.fire(t, "Pull")
	wantMessage(t, h, "firing: first notification", "firing Pull")

	c.call(t, http.MethodDelete, "/api/v2/silence/"+id, nil, nil)
	wantMessage(t, h, "firing: new alerts added", "firing Crash", "firing Pull")
}

func TestInhibition(t *testing.T) {
	h := newHook(t)
	_, c := start(t, configuration(h, `
inhibit_rules:
- source_matchers: [alertname="NodeDown"]
  target_matchers: ['alertname=~"Crash|Pull"']
  equal: [namespace]
`), alertmanager.Options{})
	c.fire(t, "NodeDown")
	wantMessage(t, h, "firing: first notification", "firing NodeDown")
	c.fire(t, "Crash")
	if got := c.waitMuted(t, "Crash").InhibitedBy; len(got) != 1 {
		t.Errorf("inhibited by %q, want one alert", got)
	}
	c.fire(t, "Bystander")
	wantMessage(t, h, "firing: new alerts added", "firing Bystander", "firing NodeDown")

	c.resolve(t, "NodeDown")
	for {
		got := summary(h.next(t))
		if slices.Contains(got, "firing Crash") {
			break
		}
		if slices.Contains(got, "firing NodeDown") {
			t.Fatalf("NodeDown still fires: %q", got)
		}
	}
}

func TestMuteTime(t *testing.T) {
	day, night := newHook(t), newHook(t)
	config := fmt.Sprintf(`
route:
  receiver: day
  group_wait: 10ms
  group_interval: 100ms
  routes:
  - {receiver: night, active_time_intervals: [never], continue: true}
  - {receiver: day, active_time_intervals: [always]}
time_intervals:
- {name: never, time_intervals: [{years: ["1999"]}]}
- {name: always, time_intervals: [{years: ["2000:3000"]}]}
receivers:
- {name: day, webhook_configs: [{url: %s}]}
- {name: night, webhook_configs: [{url: %s}]}
`, day.URL, night.URL)
	_, c := start(t, config, alertmanager.Options{})
	c.fire(t, "Crash")
	wantMessage(t, day, "firing: first notification", "firing Crash")
	if got := c.waitMuted(t, "Crash").MutedBy; !slices.Equal(got, []string{"never"}) {
		t.Errorf("muted by %q, want never", got)
	}
	if len(night.bodies) > 0 {
		t.Errorf("the muted receiver got %s", night.body(t))
	}
}
