package main

import (
	"cmp"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/kubebark/kubebark/exporter/shard"
	"github.com/kubebark/kubebark/internal/cli"
)

// shardFlags say which part of the cluster this is.
type shardFlags struct {
	index string
	total int
}

func (f *shardFlags) flags(c *kingpin.CmdClause) {
	c.Flag("shard", "Which of --total-shards this is, from 0 on; auto takes the number at the end of the pod's name, $POD_NAME or else the host's, as a StatefulSet gives it.").Default("0").StringVar(&f.index)
	c.Flag("total-shards", "Among how many exporters the namespaces are divided.").Default("1").IntVar(&f.total)
}

// parse returns the shard that the flags say.
func (f *shardFlags) parse() (shard.Shard, error) {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	s, err := shard.Parse(f.index, f.total, cmp.Or(os.Getenv("POD_NAME"), host))
	if err != nil {
		return s, cli.UsageError{Err: err}
	}
	return s, nil
}

// ours returns those of the namespaces that the shard has, and one at least: a
// shard that has none is well, and counts nothing.
func ours(namespaces []string, s shard.Shard) []string {
	var mine []string
	for _, ns := range namespaces {
		if ns == "" || s.Has(ns) {
			mine = append(mine, ns)
		}
	}
	if len(mine) == 0 {
		return namespaces[:1]
	}
	return mine
}
