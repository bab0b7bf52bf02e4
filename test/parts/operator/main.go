// Command amconfig prints the alertmanager.yaml that the Prometheus operator
// makes of an AlertmanagerConfig, which it reads from standard input.
//
//	amconfig STRATEGY BASE
//
// STRATEGY is the Alertmanager's alertmanagerConfigMatcherStrategy, and BASE the
// file with the configuration that the operator adds to. The Alertmanager is
// taken to be in the namespace monitoring.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/blang/semver/v4"
	"github.com/prometheus-operator/prometheus-operator/pkg/alertmanager"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "amconfig:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: amconfig STRATEGY BASE <AlertmanagerConfig")
	}
	base, err := os.ReadFile(args[1])
	if err != nil {
		return fmt.Errorf("read the base: %w", err)
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the AlertmanagerConfig: %w", err)
	}
	var config monitoringv1alpha1.AlertmanagerConfig
	if err := yaml.UnmarshalStrict(data, &config); err != nil {
		return fmt.Errorf("read the AlertmanagerConfig: %w", err)
	}
	made, err := merge(args[0], base, &config)
	if err != nil {
		return err
	}
	_, err = out.Write(made)
	return err
}

// merge does as the operator does.
func merge(strategy string, base []byte, config *monitoringv1alpha1.AlertmanagerConfig) ([]byte, error) {
	var am monitoringv1.Alertmanager
	am.Name, am.Namespace = "main", "monitoring"
	am.Spec.AlertmanagerConfigMatcherStrategy.Type = monitoringv1.AlertmanagerConfigMatcherStrategyType(strategy)
	core := corev1.New(nil) // nobody asks: there are no secrets to look up
	b := alertmanager.NewConfigBuilder(slog.New(slog.DiscardHandler), semver.MustParse("0.30.0"), assets.NewStoreBuilder(core, core), &am)
	if err := b.InitializeFromRawConfiguration(base); err != nil {
		return nil, fmt.Errorf("take the base: %w", err)
	}
	configs := map[string]*monitoringv1alpha1.AlertmanagerConfig{config.Namespace + "/" + config.Name: config}
	if err := b.AddAlertmanagerConfigs(context.Background(), configs); err != nil {
		return nil, fmt.Errorf("add the AlertmanagerConfig: %w", err)
	}
	return b.MarshalJSON()
}
