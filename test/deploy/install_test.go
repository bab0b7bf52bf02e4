package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubebark/kubebark/test/testbed"
)

// alertmanagerMain is what kube-prometheus has there.
const alertmanagerMain = `
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: main, namespace: monitoring}
spec: {replicas: 3}
`

// TestInstallDoc runs the commands of docs/install.md one after the other on an
// API server of their own, as they stand there; but for those that are marked as
// needing what is not here.
func TestInstallDoc(t *testing.T) {
	t.Parallel()
	cp, err := testbed.StartControlPlane(t.Context(), testbed.Options{ControllerManager: true}) // which ends namespaces
	must(t, err)
	testbed.Attach(t, cp)
	path, err := testbed.Binary("", "kubectl")
	must(t, err)
	bin := filepath.Dir(path)
	sh := func(script string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "KUBECONFIG="+cp.Kubeconfig(testbed.Admin), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := sh(fmt.Sprintf(`
kubectl apply --server-side -f %s/crds
kubectl wait --for=jsonpath='{.status.acceptedNames.kind}' crd --all --timeout=60s
kubectl wait --for=condition=Established crd --all --timeout=60s
kubectl create namespace monitoring
kubectl create namespace shop
kubectl apply -f - <<'END'%sEND`, bin, alertmanagerMain)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	commands := documented(t, "docs/install.md")
	if len(commands) < 6 {
		t.Fatalf("only %d blocks of commands", len(commands))
	}
	for _, c := range commands {
		if out, err := sh(c); err != nil {
			t.Errorf("%s\n%v\n%s", c, err, out)
		}
	}
	if out, err := sh("kubectl -n monitoring get alertmanager main -o jsonpath={.spec.alertmanagerConfigMatcherStrategy.type}"); err != nil || out != "OnNamespaceExceptForAlertmanagerNamespace" {
		t.Errorf("the operator is told %q, %v", out, err)
	}
	if out, err := sh("kubectl get namespace kubebark --ignore-not-found -o name"); err != nil || out != "" {
		t.Errorf("after all is removed there is %q, %v", out, err)
	}
}

// documented returns the blocks of commands of a page that need no more than an
// API server. A block that does says so in a comment before it.
func documented(t *testing.T, page string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, page))
	must(t, err)
	block := regexp.MustCompile("(?ms)^( *)(<!-- needs: [^\n]* -->\n *)?```sh\n(.*?\n) *```$")
	var out []string
	for _, m := range block.FindAllStringSubmatch(string(data), -1) {
		if m[2] == "" {
			out = append(out, strings.ReplaceAll("\n"+m[3], "\n"+m[1], "\n"))
		}
	}
	return out
}
