package render

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubebark/kubebark/barkreceiver/push"
)

// param is a parameter that is made by a template.
type param struct {
	name  string // in the configuration; its default template is "bark."+name
	field func(*push.Params) *string
	check func(string) (string, error) // nil: as it is
}

// params returns all parameters in the order in which they are rendered.
func params() []param {
	return []param{
		{"title", func(p *push.Params) *string { return &p.Title }, line},
		{"subtitle", func(p *push.Params) *string { return &p.Subtitle }, line},
		{"body", func(p *push.Params) *string { return &p.Body }, nil},
		{"markdown", func(p *push.Params) *string { return &p.Markdown }, nil},
		{"group", func(p *push.Params) *string { return &p.Group }, line},
		{"level", func(p *push.Params) *string { return &p.Level }, oneOf("active", "timeSensitive", "passive", "critical")},
		{"volume", func(p *push.Params) *string { return &p.Volume }, wholeNumber(10)},
		{"sound", func(p *push.Params) *string { return &p.Sound }, line},
		{"icon", func(p *push.Params) *string { return &p.Icon }, link},
		{"image", func(p *push.Params) *string { return &p.Image }, link},
		{"url", func(p *push.Params) *string { return &p.URL }, link},
		{"badge", func(p *push.Params) *string { return &p.Badge }, wholeNumber(99999)},
		{"call", func(p *push.Params) *string { return &p.Call }, flag("")},
		{"copy", func(p *push.Params) *string { return &p.Copy }, nil},
		{"auto_copy", func(p *push.Params) *string { return &p.AutoCopy }, flag("")},
		{"action", func(p *push.Params) *string { return &p.Action }, oneOf("none", "alert")},
		{"archive", func(p *push.Params) *string { return &p.IsArchive }, flag("0")},
		{"ttl", func(p *push.Params) *string { return &p.TTL }, seconds},
	}
}

// ParamNames returns the names of the parameters that are templates, as the
// configuration has them.
func ParamNames() []string {
	var names []string
	for _, p := range params() {
		names = append(names, p.name)
	}
	return names
}

func line(s string) (string, error) { return oneLine(s), nil }

func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, s) })
		if i < 0 {
			return "", fmt.Errorf("want one of %s, have %q", strings.Join(words, ", "), cut(s, 40))
		}
		return words[i], nil
	}
}

func wholeNumber(limit int) func(string) (string, error) {
	return func(s string) (string, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > limit {
			return "", fmt.Errorf("want a whole number from 0 to %d, have %q", limit, cut(s, 40))
		}
		return strconv.Itoa(n), nil
	}
}

func flag(off string) func(string) (string, error) {
	return func(s string) (string, error) {
		switch strings.ToLower(s) {
		case "1", "true", "yes", "on":
			return "1", nil
		case "0", "false", "no", "off":
			return off, nil
		}
		return "", fmt.Errorf("want true or false, have %q", cut(s, 40))
	}
}

// link takes any URL with a scheme: an app's own ones are useful too.
func link(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("want a URL, have %q", cut(s, 80))
	}
	return s, nil
}

func seconds(s string) (string, error) {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return strconv.Itoa(n), nil
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		return "", fmt.Errorf("want a duration such as 12h, or seconds, have %q", cut(s, 40))
	}
	return strconv.Itoa(int(time.Duration(d).Seconds())), nil
}
