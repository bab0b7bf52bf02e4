package notify

import (
	"encoding/json"
	"time"

	"github.com/prometheus/common/model"
)

// Fingerprint tells alerts apart by their labels, as Alertmanager does.
type Fingerprint = model.Fingerprint

// FingerprintOf returns the fingerprint of the labels.
func FingerprintOf(labels map[string]string) Fingerprint {
	ls := make(model.LabelSet, len(labels))
	for k, v := range labels {
		ls[model.LabelName(k)] = model.LabelValue(v)
	}
	return ls.Fingerprint()
}

// Alert is the state of an alert at one moment, as Alertmanager's API takes it.
// The maps of an alert that was sent must not be changed.
type Alert struct {
	Fingerprint  Fingerprint       `json:"-"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func encode(as []Alert) ([]byte, error) { return json.Marshal(as) }
