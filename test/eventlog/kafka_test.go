package eventlog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

const topic = "kubernetes-events"

// kafka is a broker that can be away; what it has is on its disk.
type kafka struct {
	w       *world
	port    int
	cluster *kfake.Cluster
}

func (w *world) startKafka() *kafka {
	w.t.Helper()
	k := &kafka{w: w, port: w.port()}
	k.back()
	w.t.Cleanup(func() { k.cluster.Close() })
	return k
}

func (k *kafka) address() string { return fmt.Sprintf("127.0.0.1:%d", k.port) }

// back starts the broker with all that it had.
func (k *kafka) back() {
	k.w.t.Helper()
	k.w.eventually("the broker can listen", func() (bool, error) { // see listen
		var err error
		k.cluster, err = kfake.NewCluster(kfake.Ports(k.port), kfake.NumBrokers(1), kfake.SeedTopics(3, topic), kfake.DataDir(filepath.Join(k.w.dir, "kafka")), kfake.SyncWrites())
		return err == nil, err
	})
}

// read reads the topic from its beginning to where it ends now.
func (k *kafka) read() ([]got, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.address()), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var all []got
	for {
		ctx, cancel := context.WithTimeout(k.w.ctx, time.Second)
		fetches := cl.PollFetches(ctx)
		cancel()
		if err := fetches.Err(); errors.Is(err, context.DeadlineExceeded) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		for _, r := range fetches.Records() {
			records, err := otlpJSON(r.Value)
			if err != nil {
				return nil, err
			}
			all = append(all, records...)
		}
	}
}

// TestKafka: exporter, OTLP, collector, Kafka. While Kafka is away the collector
// is killed, and the exporter too. A record that is too large for Kafka is refused
// alone.
func TestKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.startKafka()
	w.startExporter("--event-log.otlp.endpoint=" + w.startCollector("otel-collector-kafka.yaml", map[string]string{"kafka.example.com:9092": k.address()}))
	w.happen(150)
	w.odd("too-large", strings.Repeat("x", 1<<20))
	w.disturb(k.cluster.Close, k.back)
	w.readsBack(k.read)
	w.must(w.exporter.Stop())
	w.must(w.running.WaitLog(w.ctx, "MESSAGE_TOO_LARGE"))
}

// TestKafkaFromFile: the same by way of the file. The collector is not killed here:
// what it has read and not put into its queue yet is lost by a SIGKILL. While Kafka is
// away it may take longer to end than it is given, as by Kubernetes, but by then it
// reads no more.
func TestKafkaFromFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.startKafka()
	w.startCollector(fromFile, map[string]string{"kafka.example.com:9092": k.address(), "/var/log/events": w.dir})
	w.startExporter("--event-log.file=" + filepath.Join(w.dir, "events.jsonl"))
	w.killShipper = func() { _ = w.running.Stop() }
	w.disturb(k.cluster.Close, k.back)
	w.readsBack(k.read)
}

// disturb lets things happen while the store is away and both programs die.
func (w *world) disturb(away, back func()) {
	w.t.Helper()
	w.happen(300)
	away()
	over := time.NewTimer(outage())
	w.happen(300)
	if w.killShipper != nil {
		w.killShipper()
		w.happen(300)
		w.running = w.run(w.shipper)
	}
	w.happen(300)
	if !w.keeps {
		w.killExporter()
	}
	<-over.C
	back()
	w.happen(300)
	if w.keeps {
		w.killExporter()
	}
}

// killExporter lets things happen while the exporter is dead, and after.
func (w *world) killExporter() {
	w.t.Helper()
	w.handedOn()
	w.exporter.Kill()
	w.happen(300)
	w.exporter = w.run("kube-event-exporter")
	w.ready()
	w.happen(300)
}
