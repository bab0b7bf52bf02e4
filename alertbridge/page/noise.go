package page

import (
	"net/http"
	"net/url"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/kubebark/kubebark/alertbridge/noise"
	"github.com/kubebark/kubebark/alertbridge/rule"
	"github.com/kubebark/kubebark/internal/webpage"
)

// maxLoud bounds how many sources of noise are shown.
const maxLoud = 100

// loud is a source of noise as the page shows it.
type loud struct {
	noise.Level

	About   string
	Silence string
	DropIt  string // a rule to paste; "" where it would change nothing
}

func (p *Pages) loud() []loud {
	var ls []loud
	for _, l := range p.meter.Loudest(maxLoud) {
		labels := map[string]string{
			"source": rule.Source, "reason": l.Reason, "namespace": l.Namespace, "kind": l.Kind, "name": l.Workload,
		}
		x := loud{Level: l, About: rule.About(labels)}
		if l.Rule != "" { // else it makes no alert anyway
			x.DropIt = dropRule(&l.Source)
		}
		if l.Day.Alerts+l.Day.Repeats > 0 {
			x.Silence = p.silence(labels, "source", "reason", "namespace", "name")
		}
		ls = append(ls, x)
	}
	return ls
}

func (p *Pages) serveNoise(w http.ResponseWriter, _ *http.Request) {
	webpage.HTML(w, p.logger, p.noise, p.loud())
}

// jsonLoud is a source of noise of /api/v1/noise.
type jsonLoud struct {
	Type      string       `json:"type"`
	Reason    string       `json:"reason"`
	Namespace string       `json:"namespace"`
	Kind      string       `json:"kind"`
	Workload  string       `json:"workload"`
	Rule      string       `json:"rule,omitempty"`
	Hour      noise.Counts `json:"hour"`
	Day       noise.Counts `json:"day"`
	Silence   string       `json:"silenceURL,omitempty"`
	DropIt    string       `json:"dropRule,omitempty"`
}

func (p *Pages) serveNoiseJSON(w http.ResponseWriter, _ *http.Request) {
	ls := []jsonLoud{}
	for _, l := range p.loud() {
		ls = append(ls, jsonLoud{
			l.Type, l.Reason, l.Namespace, l.Kind, l.Workload, l.Rule, l.Hour, l.Day, l.Silence, l.DropIt,
		})
	}
	webpage.JSON(w, p.logger, map[string]any{"noise": ls})
}

// silence returns the link to Alertmanager's form for a silence on the labels.
func (p *Pages) silence(labels map[string]string, names ...string) string {
	base := *p.alertmanager.Load()
	if base == "" {
		return ""
	}
	var ms []string
	for _, n := range names {
		if v := labels[n]; v != "" {
			ms = append(ms, n+"="+quoted(v))
		}
	}
	return base + "/#/silences/new?filter=" + strings.ReplaceAll(url.QueryEscape("{"+strings.Join(ms, ",")+"}"), "+", "%20")
}

// quoted writes a matcher's value.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// dropRule is a rule that makes no alert of the source any more.
func dropRule(s *noise.Source) string {
	var ms []string
	for _, m := range [][2]string{
		{"type", s.Type}, {"reason", s.Reason}, {"namespace", s.Namespace}, {"kind", s.Kind}, {"workload", s.Workload},
	} {
		if m[1] != "" {
			ms = append(ms, m[0]+"="+quoted(m[1]))
		}
	}
	b, err := yaml.Marshal([]struct {
		Matchers []string `yaml:"matchers"`
		Drop     bool     `yaml:"drop"`
	}{{ms, true}})
	if err != nil {
		return "" // strings and a truth value
	}
	return string(b)
}
