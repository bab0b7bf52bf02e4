package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubebark/kubebark/test/testbed"
)

// TestAlertmanagerConfig: what the Prometheus operator's own code makes of the
// AlertmanagerConfig is a configuration that routes events to the phones, as
// docs/install.md says by which strategy. By the operator's default it does not.
func TestAlertmanagerConfig(t *testing.T) {
	manifest, err := yaml.Marshal(variant{components: []string{"alertmanager-config"}}.kustomized(t)["AlertmanagerConfig monitoring/kubebark"].Object)
	must(t, err)
	base := filepath.Join(t.TempDir(), "base.yml")
	must(t, os.WriteFile(base, []byte("route: {receiver: default}\nreceivers: [{name: default}]\n"), 0o600))
	const phones = "monitoring/kubebark/oncall"
	for _, tt := range []struct{ strategy, receiver string }{
		{"None", phones},
		{"OnNamespaceExceptForAlertmanagerNamespace", phones},
		{"OnNamespace", "default"},
	} {
		t.Run(tt.strategy, func(t *testing.T) {
			path, err := testbed.Binary("", "amconfig")
			must(t, err)
			made := filepath.Join(t.TempDir(), "alertmanager.yml")
			cmd := exec.CommandContext(t.Context(), path, tt.strategy, base)
			var out, stderr bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(manifest), &out, &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, stderr.String())
			}
			must(t, os.WriteFile(made, out.Bytes(), 0o600))
			amtool(t, "check-config", made)
			amtool(t, "config", "routes", "test", "--config.file="+made, "--verify.receivers="+tt.receiver,
				"source=kubernetes-event", "alertname=KubeEventBackOff", "namespace=shop")
			amtool(t, "config", "routes", "test", "--config.file="+made, "--verify.receivers=default", "alertname=Other", "namespace=shop")
			if want := "http://alertmanager-bark.kubebark:10057/webhook"; !strings.Contains(out.String(), want) {
				t.Errorf("no %s in\n%s", want, out.String())
			}
		})
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
