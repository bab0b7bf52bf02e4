package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kubebark/kubebark/test/docs/page"
	"github.com/kubebark/kubebark/test/testbed"
)

// alertmanagerMain is what kube-prometheus has there.
const alertmanagerMain = `
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: main, namespace: monitoring}
spec: {replicas: 3}
`

// checkout is a directory that shows what the repository has. The pages write files
// where their commands are run, under the same names.
func checkout(t *testing.T) string {
	t.Helper()
	from, err := filepath.Abs(root)
	must(t, err)
	entries, err := os.ReadDir(from)
	must(t, err)
	dir := t.TempDir()
	for _, e := range entries {
		must(t, os.Symlink(filepath.Join(from, e.Name()), filepath.Join(dir, e.Name())))
	}
	return dir
}

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
	sh := &page.Shell{Dir: checkout(t), Bin: []string{bin}, Env: []string{"KUBECONFIG=" + cp.Kubeconfig(testbed.Admin), "HOME=" + t.TempDir()}}
	if out, err := sh.Run(t.Context(), fmt.Sprintf(`
kubectl apply --server-side -f %s/crds
kubectl wait --for=condition=Established crd --all --timeout=60s
kubectl create namespace monitoring
kubectl create namespace shop
kubectl apply -f - <<'END'%sEND`, bin, alertmanagerMain)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	steps, err := page.Steps(root, "docs/install.md")
	must(t, err)
	if len(steps) < 6 {
		t.Fatalf("only %d steps", len(steps))
	}
	sh.Follow(t, steps)
	if out, err := sh.Run(t.Context(), "kubectl -n monitoring get alertmanager main -o jsonpath={.spec.alertmanagerConfigMatcherStrategy.type}"); err != nil || out != "OnNamespaceExceptForAlertmanagerNamespace" {
		t.Errorf("the operator is told %q, %v", out, err)
	}
	if out, err := sh.Run(t.Context(), "kubectl get namespace kubebark --ignore-not-found -o name"); err != nil || out != "" {
		t.Errorf("after all is removed there is %q, %v", out, err)
	}
}
