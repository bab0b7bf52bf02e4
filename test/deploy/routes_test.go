package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestAlertmanagerConfig: what the Prometheus operator's own code makes of the
// AlertmanagerConfig is a configuration that routes events to the phones, as
// docs/install.md says by which strategy. By the operator's default it does not.
func TestAlertmanagerConfig(t *testing.T) {
	const phones = "monitoring/kubebark/oncall"
	for _, tt := range []struct{ strategy, receiver string }{
		{"None", phones},
		{"OnNamespaceExceptForAlertmanagerNamespace", phones},
		{"OnNamespace", "default"},
	} {
		t.Run(tt.strategy, func(t *testing.T) {
			made := operated(t, tt.strategy)
			file := filepath.Join(t.TempDir(), "alertmanager.yml")
			must(t, os.WriteFile(file, made, 0o600))
			amtool(t, "check-config", file)
			amtool(t, "config", "routes", "test", "--config.file="+file, "--verify.receivers="+tt.receiver,
				"source=kubernetes-event", "alertname=KubeEventBackOff", "namespace=shop")
			amtool(t, "config", "routes", "test", "--config.file="+file, "--verify.receivers=default", "alertname=Other", "namespace=shop")
			if want := "http://alertmanager-bark.kubebark:10057/webhook"; !strings.Contains(string(made), want) {
				t.Errorf("no %s in\n%s", want, made)
			}
		})
	}
}

// operated is what the operator makes of the AlertmanagerConfig, and of a
// configuration that has nothing but a receiver.
func operated(t *testing.T, strategy string) []byte {
	t.Helper()
	manifest, err := yaml.Marshal(variant{components: []string{"alertmanager-config"}}.kustomized(t)["AlertmanagerConfig monitoring/kubebark"].Object)
	must(t, err)
	base := filepath.Join(t.TempDir(), "base.yml")
	must(t, os.WriteFile(base, []byte("route: {receiver: default}\nreceivers: [{name: default}]\n"), 0o600))
	path, err := testbed.Binary("", "amconfig")
	must(t, err)
	cmd := exec.CommandContext(t.Context(), path, strategy, base)
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(manifest), &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return out.Bytes()
}

// grouping is what decides how many pushes an incident makes.
type grouping struct {
	Matchers, GroupBy []string
	Routes            []grouping
}

// UnmarshalJSON takes a route's part in it; the order of matchers says nothing.
func (g *grouping) UnmarshalJSON(data []byte) error {
	var route struct {
		Matchers []string
		GroupBy  []string `json:"group_by"`
		Routes   []grouping
	}
	err := json.Unmarshal(data, &route)
	slices.Sort(route.Matchers)
	*g = grouping(route)
	return err
}

// TestGroupsAreTheSame: however one comes by a configuration of Alertmanager,
// events are grouped and inhibited as in the example, by which docs/incidents.md
// counts pushes.
func TestGroupsAreTheSame(t *testing.T) {
	t.Parallel()
	type config struct {
		Route   grouping
		Inhibit []struct {
			Source []string `json:"source_matchers"`
			Target []string `json:"target_matchers"`
			Equal  []string
		} `json:"inhibit_rules"`
	}
	parse := func(data []byte) (c config) {
		must(t, yaml.Unmarshal(data, &c))
		if len(c.Route.Routes) == 1 && slices.Equal(c.Route.Routes[0].Matchers, []string{`source="kubernetes-event"`}) {
			c.Route = c.Route.Routes[0]
		}
		c.Route.Matchers = nil
		return c
	}
	file := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(root, "deploy", name))
		must(t, err)
		return data
	}
	want := parse(file("examples/alertmanager.yml"))
	if len(want.Route.GroupBy) == 0 || len(want.Route.Routes) == 0 || len(want.Inhibit) == 0 {
		t.Fatalf("the example has %+v", want)
	}
	for name, data := range map[string][]byte{
		"the AlertmanagerConfig":        operated(t, "None"),
		"overlays/k3s/alertmanager.yml": file("overlays/k3s/alertmanager.yml"),
	} {
		if diff := cmp.Diff(want, parse(data)); diff != "" {
			t.Errorf("-example +%s:\n%s", name, diff)
		}
	}
}

func amtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := testbed.Binary("", "amtool")
	must(t, err)
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("amtool %v: %v\n%s", args, err, out)
	}
}
