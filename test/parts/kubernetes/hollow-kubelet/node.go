package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/trace"
	noopotel "go.opentelemetry.io/otel/trace/noop"
	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/kubelet"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubemark"
)

// maxPods is the kubelet's own default.
const maxPods = 110

// A node is one kubelet as its flags describe it.
type node struct {
	kubeconfig string
	name       string
	root       string
	lease      time.Duration
	cores      int
}

// run starts the kubelet and returns only when it cannot be started.
func (n *node) run(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", n.kubeconfig)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	flags, conf, err := n.config()
	if err != nil {
		return err
	}
	client, err := clientWith(config, float32(conf.KubeAPIQPS), int(conf.KubeAPIBurst), 0)
	if err != nil {
		return err
	}
	heartbeats, err := clientWith(config, -1, 0, min(n.lease, conf.NodeStatusUpdateFrequency.Duration))
	if err != nil {
		return err
	}
	events, err := clientWith(config, float32(conf.EventRecordQPS), int(conf.EventBurst), 0)
	if err != nil {
		return err
	}
	// The kubelet looks its own name up, which would send a query away.
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: refuse}

	rt := newRuntime(filepath.Join(n.root, "no-network"))
	kl := kubemark.NewHollowKubelet(flags, conf, client, heartbeats, newMachine(n.name, n.cores),
		newImages(), rt, cm.NewStubContainerManager())
	kl.KubeletDeps.ProbeManager = nil // the kubelet then makes its real one
	kl.KubeletDeps.TracerProvider = recorderSwap{
		TracerProvider: noopotel.NewTracerProvider(),
		deps:           kl.KubeletDeps,
		recorder:       n.recorder(ctx, events),
	}
	kl.Run(ctx)
	return nil
}

// config returns the kubelet's configuration: its defaults but for what would
// touch the machine or leave it.
func (n *node) config() (*options.KubeletFlags, *kubeletconfig.KubeletConfiguration, error) {
	resolv := filepath.Join(n.root, "resolv.conf")
	if err := os.WriteFile(resolv, []byte("nameserver 127.0.0.1\n"), 0o600); err != nil {
		return nil, nil, fmt.Errorf("write resolver configuration: %w", err)
	}
	flags, conf := kubemark.GetHollowKubeletConfig(&kubemark.HollowKubeletOptions{NodeName: n.name, MaxPods: maxPods})
	if err := n.moveIn(flags, conf); err != nil {
		return nil, nil, err
	}
	conf.EnableServer = false
	conf.Address = "127.0.0.1"
	conf.ImageServiceEndpoint = ""
	conf.ClusterDNS = []string{"10.0.0.10"} // without it each pod warns of MissingClusterDNS
	conf.ClusterDomain = "cluster.local"
	conf.ResolverConfig = resolv
	conf.NodeLeaseDurationSeconds = int32(n.lease / time.Second) //nolint:gosec // some seconds
	conf.MakeIPTablesUtilChains = false
	return flags, conf, nil
}

// moveIn gives the kubelet directories below its root instead of those that the
// hollow configuration has made in /tmp, where nobody would remove them.
func (n *node) moveIn(flags *options.KubeletFlags, conf *kubeletconfig.KubeletConfiguration) error {
	if err := os.RemoveAll(flags.RootDirectory); err != nil {
		return fmt.Errorf("remove unused directory: %w", err)
	}
	var err error
	for _, dir := range []*string{&flags.RootDirectory, &conf.StaticPodPath, &conf.PodLogsDir} {
		if *dir, err = os.MkdirTemp(n.root, filepath.Base(*dir)+"-"); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
	}
	return nil
}

// recorder returns a recorder that sends the kubelet's events as the kubelet
// itself would.
func (n *node) recorder(ctx context.Context, client kubernetes.Interface) record.EventRecorderLogger {
	b := record.NewBroadcaster(record.WithContext(ctx))
	b.StartStructuredLogging(3)
	b.StartRecordingToSink(&typedv1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return b.NewRecorder(legacyscheme.Scheme, v1.EventSource{Component: "kubelet", Host: n.name})
}

// recorderSwap hands the kubelet its real event recorder a little late. With a
// real one from the start, the kubelet opens the machine's kernel log to tell
// of processes that the kernel killed: those are none of this node's, and
// often only root may read them. It leaves that out for the hollow node's fake
// recorder, and next asks for a tracer, before anything uses the recorder.
type recorderSwap struct {
	trace.TracerProvider

	deps     *kubelet.Dependencies
	recorder record.EventRecorderLogger
}

// Tracer is called once the kernel log has been left alone.
func (s recorderSwap) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	s.deps.Recorder = s.recorder
	return s.TracerProvider.Tracer(name, opts...)
}

func clientWith(config *rest.Config, qps float32, burst int, timeout time.Duration) (*kubernetes.Clientset, error) {
	c := rest.AddUserAgent(rest.CopyConfig(config), "kubelet")
	c.QPS, c.Burst, c.Timeout = qps, burst, timeout
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return client, nil
}

// refuse is a dialler for a resolver that asks no one.
func refuse(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("names are not looked up from here")
}
