package page

import (
	"net/url"

	"github.com/kubebark/kubebark/alertbridge/episode"
	"github.com/kubebark/kubebark/alertbridge/notify"
)

// delivery is what Alertmanager makes of an alert.
type delivery struct {
	Silences   []link
	Inhibitors []link
	Receivers  []string
}

// link is a text that may lead somewhere.
type link struct{ Text, URL string }

// delivery names what keeps an alert back: a silence by its ID, an alert by what
// it says if it is one of ours, else by its fingerprint.
func (p *Pages) delivery(s *notify.Status, titles map[string]string) *delivery {
	d := &delivery{Receivers: s.Receivers}
	base := *p.alertmanager.Load()
	for _, id := range s.SilencedBy {
		l := link{Text: id}
		if base != "" {
			l.URL = base + "/#/silences/" + url.PathEscape(id)
		}
		d.Silences = append(d.Silences, l)
	}
	for _, fp := range s.InhibitedBy {
		l := link{Text: "alert " + fp}
		if title, ok := titles[fp]; ok {
			l = link{Text: title, URL: "alerts?fingerprint=" + url.QueryEscape(fp)}
		}
		d.Inhibitors = append(d.Inhibitors, l)
	}
	return d
}

// titles returns what alerts say in one line, by fingerprint.
func titles(vs []episode.View) map[string]string {
	m := make(map[string]string, len(vs))
	for i := range vs {
		m[vs[i].Fingerprint] = vs[i].Annotations["summary"]
	}
	return m
}

// jsonDelivery is what Alertmanager makes of an alert of /api/v1/alerts.
type jsonDelivery struct {
	SilencedBy  []string `json:"silencedBy"`
	InhibitedBy []string `json:"inhibitedBy"` // fingerprints
	Receivers   []string `json:"receivers"`
}

func deliveryJSON(s *notify.Status) *jsonDelivery {
	d := &jsonDelivery{[]string{}, []string{}, []string{}}
	d.SilencedBy = append(d.SilencedBy, s.SilencedBy...)
	d.InhibitedBy = append(d.InhibitedBy, s.InhibitedBy...)
	d.Receivers = append(d.Receivers, s.Receivers...)
	return d
}
