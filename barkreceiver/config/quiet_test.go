package config

import (
	"testing"
	"time"
)

func TestQuiet(t *testing.T) {
	c, _, err := load(t, `receivers:
- name: a
  devices:
  - name: nights
    key_file: keys/bob
    quiet_hours:
    - {from: 22:00, to: 07:30}
    - {from: "00:00", to: "00:00", days: [sat, sun], except: [critical, warning]}
  - name: fridays
    key_file: keys/alice
    quiet_hours: [{from: 22:00, to: 07:00, days: [fri], except: []}]
`)
	if err != nil {
		t.Fatal(err)
	}
	nights, fridays := c.Receivers[0].Devices[0], c.Receivers[0].Devices[1]
	for _, tt := range []struct {
		device       *Device
		at, severity string // 2026-11-27 is a Friday
		quiet        bool
	}{
		{nights, "2026-11-25T21:59", "warning", false},
		{nights, "2026-11-25T22:00", "warning", true},
		{nights, "2026-11-26T07:29", "warning", true},
		{nights, "2026-11-26T07:30", "warning", false},
		{nights, "2026-11-26T03:00", "critical", false},
		{nights, "2026-11-28T12:00", "info", true},
		{nights, "2026-11-28T12:00", "warning", false},
		{nights, "2026-11-30T12:00", "info", false},
		{fridays, "2026-11-27T23:00", "critical", true},
		{fridays, "2026-11-28T06:59", "critical", true},
		{fridays, "2026-11-27T06:59", "warning", false},
		{fridays, "2026-11-28T23:00", "warning", false},
	} {
		at, err := time.Parse("2006-01-02T15:04", tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := tt.device.Quiet(tt.severity, at); got != tt.quiet {
			t.Errorf("%s, %s at %s: quiet %v", tt.device.Name, tt.severity, tt.at, got)
		}
	}
}
