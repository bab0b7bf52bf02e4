package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-kit/log"
	"github.com/prometheus/common/version"

	"github.com/kubebark/kubebark/exporter"
	"github.com/kubebark/kubebark/exporter/checkpoint"
	"github.com/kubebark/kubebark/exporter/decode"
	"github.com/kubebark/kubebark/exporter/kube"
	"github.com/kubebark/kubebark/exporter/lookup"
	"github.com/kubebark/kubebark/exporter/replay"
	"github.com/kubebark/kubebark/exporter/watch"
	"github.com/kubebark/kubebark/internal/cli"
	"github.com/kubebark/kubebark/internal/lifecycle"
)

// source returns what adds the source of events to a group: a file or
// watchers.
func (s *service) source() (func(*lifecycle.Group, *exporter.Pipeline), error) {
	if s.replaySpeed < 0 {
		return nil, cli.UsageError{Err: fmt.Errorf("--replay.speed: want 0 or more, have %g", s.replaySpeed)}
	}
	if s.replayFile != "" && s.stateFile != "" {
		return nil, cli.UsageError{Err: errors.New("--state.file: a replay is the whole history and has no state to go on from")}
	}
	part, err := s.shards.parse()
	if err != nil {
		return nil, err
	}
	s.shard = watch.NewShard(part, s.registry)
	metrics := lookup.NewMetrics(s.registry)
	if s.replayFile != "" {
		return s.replay, nil
	}
	kube.SetLogger(s.slog)
	s.kube.UserAgent = name + "/" + version.Version
	client, err := kube.NewClient(s.kube)
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	s.cluster = client.Cluster
	s.events.client = client
	s.lookups = lookup.New(lookup.Options{REST: client, Logger: s.logger, Metrics: metrics})
	namespaces, err := splitNamespaces(s.namespaces)
	if err != nil {
		return nil, err
	}
	return func(g *lifecycle.Group, p *exporter.Pipeline) { s.watch(g, p, client, ours(namespaces, part)) }, nil
}

// watch adds a watcher for each namespace, and before them what keeps their
// state, so that it ends after them.
func (s *service) watch(g *lifecycle.Group, p *exporter.Pipeline, client *kube.Client, namespaces []string) {
	remembered := func(string) *checkpoint.Stream { return nil }
	if s.stateFile != "" {
		k := exporter.NewKeeper(exporter.KeeperOptions{
			Path: s.stateFile, Owner: s.countsOwner(), Pipeline: p, Series: s.series,
			Logger: s.logger, Registerer: s.registry, Settle: s.events.settle(),
		})
		s.keeper, remembered = k, k.Remembered
		g.Add("state", k.Run)
	}
	m := watch.NewMetrics(s.registry)
	for _, ns := range namespaces {
		w := watch.New(watch.Options{
			Client: client, ParameterCodec: client.ParameterCodec, Namespace: ns, Handler: p.Stream(ns, remembered(ns)),
			Logger: log.With(s.logger, "namespace", ns, "server", client.Host), Metrics: m, Health: s.health, Shard: s.shard,
		})
		g.Add("watch", w.Run)
	}
}

// splitNamespaces returns the namespaces to watch, a single "" for all.
func splitNamespaces(list string) ([]string, error) {
	if list == "" {
		return []string{""}, nil
	}
	var out []string
	seen := make(map[string]bool)
	for ns := range strings.SplitSeq(list, ",") {
		ns = strings.TrimSpace(ns)
		if ns == "" {
			return nil, cli.UsageError{Err: errors.New("--namespaces: an empty name between commas")}
		}
		if !seen[ns] {
			seen[ns] = true
			out = append(out, ns)
		}
	}
	return out, nil
}

func (s *service) replay(g *lifecycle.Group, p *exporter.Pipeline) {
	handle := func(r decode.Record) {
		if s.shard.Has(r.Event.Namespace) {
			p.Replay(r)
		}
	}
	g.Add("replay", func(ctx context.Context) error {
		err := replay.Run(ctx, replay.Options{
			Path: s.replayFile, Stdin: s.std.In, Speed: s.replaySpeed, Logger: s.logger, Handle: handle,
		})
		if err != nil {
			return err
		}
		<-ctx.Done() // the counters and alerts stay to be looked at
		return nil
	})
}
