package reference

import (
	_ "embed"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/kubebark/kubebark/internal/conf"
)

// durations are what model.ParseDuration takes.
const durations = `^(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?$`

// selfRead returns what a type takes that reads itself.
func (w *walker) selfRead(t reflect.Type) (Node, bool) {
	if n, ok := w.Types[t]; ok {
		return n, true
	}
	switch t {
	case reflect.TypeFor[conf.Duration]():
		return Node{Kind: Duration, Pattern: durations}, true
	case reflect.TypeFor[config.URL]():
		return Node{Kind: Text}, true
	case reflect.TypeFor[config.TLSVersion]():
		return Node{Kind: Text, Values: slices.Sorted(maps.Keys(config.TLSVersions))}, true
	}
	return Node{}, false
}

//go:embed client.yaml
var clientYAML []byte

// clientKey says what a key of an HTTP client means.
func (w *walker) clientKey(t reflect.Type, field string) (string, bool) {
	if t.PkgPath() != reflect.TypeFor[config.HTTPClientConfig]().PkgPath() {
		return "", false
	}
	if strings.HasSuffix(field, "Ref") {
		return "not to be used: these programs have no secret manager", true
	}
	text, ok := w.client[t.Name()+"."+field]
	return text, ok
}
