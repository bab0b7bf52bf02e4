// Package kube makes the client of the API server: the smallest that reads
// core/v1 Events, in protobuf, found and configured as kubectl would be.
package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Options say which API server to speak to, and as whom.
type Options struct {
	Kubeconfig string // "" for the in-cluster configuration, else as kubectl finds it
	Server     string // overrides the configuration's URL if not ""
	UserAgent  string
}

// Client reads events.
type Client struct {
	rest.Interface
	ParameterCodec runtime.ParameterCodec
	Host           string // for messages
	// Cluster tells one cluster from another: a hash of the server's URL and
	// of the authority that signs its certificate. Inside clusters the URL is
	// everywhere the same.
	Cluster string
}

// NewClient returns a client. It does not connect: whether the server is there
// shows at the first request.
func NewClient(o Options) (*Client, error) {
	cfg, err := config(o)
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	cfg.UserAgent = o.UserAgent
	return newClient(cfg)
}

func config(o Options) (*rest.Config, error) {
	if o.Kubeconfig == "" {
		cfg, err := rest.InClusterConfig()
		if err == nil {
			if o.Server != "" {
				cfg.Host = o.Server
			}
			return cfg, nil
		}
		if !errors.Is(err, rest.ErrNotInCluster) {
			return nil, err
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules() // $KUBECONFIG, ~/.kube/config
	rules.ExplicitPath = o.Kubeconfig
	over := &clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: o.Server}}
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, over).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("not inside one, and neither --kubeconfig, $KUBECONFIG nor ~/.kube/config names one")
	}
	return cfg, err
}

// newClient registers no type but those of errors and options: package wire
// reads events, and Kubernetes's own types would double the binary.
func newClient(cfg *rest.Config) (*Client, error) {
	version := schema.GroupVersion{Version: "v1"}
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, version)

	cfg = rest.CopyConfig(cfg)
	cfg.GroupVersion = &version
	cfg.APIPath = "/api"
	cfg.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	cfg.ContentType = runtime.ContentTypeProtobuf
	cfg.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	// A handful of requests a minute: the server's own fairness is enough.
	cfg.QPS = -1
	rc, err := rest.RESTClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", cfg.Host, err)
	}
	return &Client{
		Interface: rc, ParameterCodec: runtime.NewParameterCodec(scheme), Host: cfg.Host, Cluster: clusterOf(cfg),
	}, nil
}

func clusterOf(cfg *rest.Config) string {
	ca := cfg.CAData
	if len(ca) == 0 && cfg.CAFile != "" {
		if data, err := os.ReadFile(cfg.CAFile); err == nil {
			ca = data
		}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", cfg.Host)
	h.Write(ca)
	return hex.EncodeToString(h.Sum(nil)[:16])
}
