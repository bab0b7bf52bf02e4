package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/kubebark/kubebark/internal/conf"
)

// QuietHours is a time in which pushes to a device make no sound and wake no
// screen. Nothing is held back.
type QuietHours struct {
	From   Clock    `yaml:"from" conf:"required"` // such as `22:00`
	To     Clock    `yaml:"to" conf:"required"`   // the next day's if it is not after `from`
	Days   []string `yaml:"days"`                 // on which it begins; all if empty
	Except []string `yaml:"except"`               // severities that may ring all the same; without it, critical
}

// Clock is a time of day, in minutes.
type Clock int

// UnmarshalYAML implements yaml.Unmarshaler. It takes the text as it is
// written: YAML may take 22:00 for a number.
func (c *Clock) UnmarshalYAML(n *yaml.Node) error {
	t, err := time.Parse("15:04", n.Value)
	if err != nil || n.Kind != yaml.ScalarNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: want a time of day such as 22:00, have %q", n.Line, n.Value)}}
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler, for the defaults.
func (q *QuietHours) UnmarshalYAML(unmarshal func(any) error) error {
	type plain QuietHours
	*q = QuietHours{From: -1, To: -1, Except: []string{"critical"}}
	return unmarshal((*plain)(q))
}

func days() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

func (q *QuietHours) validate() error {
	var errs []error
	if q.From < 0 {
		errs = append(errs, conf.Field(errors.New("is needed"), "from"))
	}
	if q.To < 0 {
		errs = append(errs, conf.Field(errors.New("is needed"), "to"))
	}
	for i, d := range q.Days {
		if !slices.Contains(days(), d) {
			errs = append(errs, conf.Field(fmt.Errorf("want one of %s, have %q", strings.Join(days(), ", "), d), "days", strconv.Itoa(i)))
		}
	}
	for i, s := range q.Except {
		if !slices.Contains([]string{"critical", "warning", "info"}, s) {
			errs = append(errs, conf.Field(fmt.Errorf("want critical, warning or info, have %q", s), "except", strconv.Itoa(i)))
		}
	}
	return errors.Join(errs...)
}

// has tells whether a time is within the quiet hours.
func (q *QuietHours) has(t time.Time) bool {
	now := Clock(t.Hour()*60 + t.Minute())
	day := int(t.Weekday())
	switch {
	case q.From < q.To:
		if now < q.From || now >= q.To {
			return false
		}
	case now >= q.From:
	case now < q.To:
		day = (day + 6) % 7 // it began yesterday
	default:
		return false
	}
	return len(q.Days) == 0 || slices.Contains(q.Days, days()[day])
}

// Quiet tells whether a push of this severity is to make no noise on the
// device at a time, which is in the configured zone.
func (d *Device) Quiet(severity string, t time.Time) bool {
	return slices.ContainsFunc(d.QuietHours, func(q QuietHours) bool {
		return !slices.Contains(q.Except, severity) && q.has(t)
	})
}
