package conf

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// Duration is a Prometheus duration: 30s, 5m, 1h30m, 1d. A bad one is reported
// with its line.
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := model.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode {
		return nodeError(n, "want a duration such as 30s, 5m or 1h30m, have %s", plainTag(n.ShortTag()))
	}
	if err != nil {
		return nodeError(n, "want a duration such as 30s, 5m or 1h30m, have %q", n.Value)
	}
	*d = Duration(v)
	return nil
}

// MarshalYAML implements yaml.Marshaler.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// String returns the duration as Prometheus writes it.
func (d Duration) String() string { return model.Duration(d).String() }

// nodeError is an error at a node's line that does not keep the decoder from
// finding further ones.
func nodeError(n *yaml.Node, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %s", n.Line, text)}}
}
