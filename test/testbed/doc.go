// Package testbed runs the real programs that tests and the demo stand on: a
// Kubernetes control plane with kubelets, Alertmanager, Prometheus, and
// kubebark's own programs. All listen on 127.0.0.1 only, need neither root nor
// a container engine, and end with the process that started them.
//
// The programs come from test/parts, built by `make parts-test`, and are
// looked for in .cache/bin; $KUBEBARK_BIN names another directory. One that is
// missing is an error that names the make target, not a skipped test.
//
// # A test on it
//
//	func TestUnpullableImage(t *testing.T) {
//		ctx := t.Context()
//		cp, err := testbed.StartControlPlane(ctx, testbed.Options{ControllerManager: true, Scheduler: true})
//		if err != nil {
//			t.Fatal(err)
//		}
//		testbed.Attach(t, cp) // ends it with the test, shows its logs if that fails
//		if _, err := cp.StartKubelet(ctx, "node-a"); err != nil {
//			t.Fatal(err)
//		}
//		am, err := testbed.StartAlertmanager(ctx, config, testbed.ServerOptions{})
//		if err != nil {
//			t.Fatal(err)
//		}
//		testbed.Attach(t, am)
//		exporter, err := testbed.Run(testbed.Command{
//			Name: "kube-event-exporter", Path: path, Dir: t.TempDir(),
//			Args: []string{"--kubeconfig=" + cp.Kubeconfig(testbed.Admin), "--alertmanager.url=" + am.URL()},
//		})
//		if err != nil {
//			t.Fatal(err)
//		}
//		testbed.Attach(t, exporter)
//		// … create a Deployment of registry.example/unpullable/web:1 with
//		// cp.Client(), and wait with testbed.Poll for the alert.
//	}
//
// # Parts
//
// [StartControlPlane] takes from 2 to 5 s, with 300 MB for etcd and
// kube-apiserver and 170 MB for the two others. It knows a user who may do all
// and one who may do nothing, more by [Options], and service accounts by
// [ControlPlane.ServiceAccountKubeconfig]. Its etcd and API server can be
// stopped, killed and started again on the same data and ports.
//
// [ControlPlane.StartKubelet] adds a node: a real kubelet whose containers are
// in memory. An image's path or a pod's name says what fails there; see the
// command test/parts/kubernetes/hollow-kubelet. [Process.Kill] makes a dead
// node of it, [Kubelet.Start] brings it back; [Options.DeadNodeAfter] has the
// cluster notice sooner than after Kubernetes' own 50 s.
//
// [StartAlertmanager] and [StartPrometheus] take a configuration;
// [Server.Query] asks a Prometheus.
//
// [Run] runs any program: its log, exit code and signals are at hand.
package testbed
