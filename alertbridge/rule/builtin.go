package rule

import (
	_ "embed"

	"github.com/kubebark/kubebark/internal/conf"
)

//go:embed builtin.yaml
var builtinYAML []byte

// builtin returns the shipped rules as they are written, without the prefix
// that their names have in a [Set].
func builtin() ([]Spec, error) {
	var specs struct {
		Rules []Spec `yaml:"rules"`
	}
	if err := conf.Parse("builtin.yaml", builtinYAML, &specs); err != nil {
		return nil, err
	}
	return specs.Rules, nil
}
