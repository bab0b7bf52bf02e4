// Command kine is k3s' storage: kine's etcd server on SQLite, as their module
// has it. Kine's own command links each of its other databases too, which take
// minutes to build and are not what k3s has by default.
//
//	kine -listen-address 127.0.0.1:2379 -data state.db
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/k3s-io/kine/pkg/drivers"
	"github.com/k3s-io/kine/pkg/drivers/sqlite"
	"github.com/k3s-io/kine/pkg/server"
	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// What kine's command and k3s have.
const (
	params      = "?_journal_mode=WAL&_busy_timeout=30000&_synchronous=NORMAL&_txlock=immediate"
	etcdVersion = "3.6.11" // kine says that it is this one
	maxReceive  = 2 << 20  // bytes of a request
	maxSend     = 1<<31 - 1
	notify      = 5 * time.Second // between two progress notes of a watch
	stopLimit   = 2 * time.Second
)

func main() {
	listen := flag.String("listen-address", "127.0.0.1:2379", "where etcd's clients find it")
	data := flag.String("data", "state.db", "the database")
	compact := flag.Duration("compact-interval", 5*time.Minute, "time between two compactions")
	retain := flag.Int64("compact-min-retain", 1000, "how many revisions no compaction takes")
	flag.Parse()
	cfg := &drivers.Config{
		DataSourceName: *data + params, CompactInterval: *compact, CompactMinRetain: *retain,
		CompactIntervalJitter: 5, CompactTimeout: 5 * time.Second, CompactBatchSize: 1000,
		PollBatchSize: 500, PollInterval: time.Second,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, *listen, cfg)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kine:", err)
		os.Exit(1)
	}
}

// serve serves until ctx is done.
func serve(ctx context.Context, address string, cfg *drivers.Config) error {
	backed, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	_, backend, err := sqlite.New(backed, &wg, cfg)
	if err != nil {
		return fmt.Errorf("open %s: %w", cfg.DataSourceName, err)
	}
	if err := backend.Start(backed); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	s := grpc.NewServer(
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second}),
		grpc.MaxRecvMsgSize(maxReceive), grpc.MaxSendMsgSize(maxSend),
	)
	server.New(backend, "http", notify, etcdVersion).Register(s)
	context.AfterFunc(ctx, func() {
		late := time.AfterFunc(stopLimit, s.Stop)
		defer late.Stop()
		s.GracefulStop()
	})
	logrus.Infof("kine listens on %s", l.Addr())
	return s.Serve(l)
}
