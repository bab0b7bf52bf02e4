package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/version"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	collogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
)

const (
	scope     = "github.com/kubebark/kubebark/exporter/eventlog"
	maxAnswer = 1 << 20 // bytes of an answer that are read
)

// Client sends records. Its methods are called by one goroutine.
type Client struct {
	url     string
	config  Config
	http    *http.Client
	records *collector
	sdk     *sdklog.LoggerProvider
	logger  log.Logger
	fields  []record.Field
}

var _ sdklog.Exporter = (*Client)(nil)

// New returns a client for a valid configuration that names an endpoint; cluster
// is the cluster's name, if it has one.
func New(c *Config, cluster string) (*Client, error) {
	u, err := c.url()
	if err != nil {
		return nil, err
	}
	res, err := resourceOf(cluster)
	if err != nil {
		return nil, err
	}
	cl := &Client{url: u.String(), config: *c, records: new(collector), fields: record.Fields()}
	if u.Scheme == "http" && c.Protocol == GRPC {
		cl.http = plainHTTP2(&c.HTTPClientConfig)
	} else if cl.http, err = config.NewClientFromConfig(c.HTTPClientConfig, "otlp"); err != nil {
		return nil, err
	}
	cl.sdk = sdklog.NewLoggerProvider(
		sdklog.WithResource(res), sdklog.WithProcessor(cl.records),
		// What a record has is ours to bound, and no field goes away.
		sdklog.WithAttributeCountLimit(-1), sdklog.WithAttributeValueLengthLimit(-1),
	)
	cl.logger = cl.sdk.Logger(scope, log.WithInstrumentationVersion(version.Version))
	return cl, nil
}

// Send sends records in one request. It returns nil once all are taken.
func (c *Client) Send(ctx context.Context, rs []*record.Record) error {
	for _, r := range rs {
		c.logger.Emit(ctx, c.logRecord(r))
	}
	return c.Export(ctx, c.records.take())
}

// Export implements the SDK's Exporter.
func (c *Client) Export(ctx context.Context, rs []sdklog.Record) error {
	body, err := proto.Marshal(request(rs))
	if err != nil {
		return &RefusedError{Why: err.Error()} // a text that is no UTF-8; ours all are
	}
	late := fmt.Errorf("no answer within %s: %w", c.config.Timeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(c.config.Timeout), late)
	defer cancel()
	send := c.overHTTP
	if c.config.Protocol == GRPC {
		send = c.overGRPC
	}
	var answer collogs.ExportLogsServiceResponse
	if err := send(ctx, body, &answer); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) { // net/http tells it or not, by the moment
			err = errors.Join(err, cause)
		}
		return err
	}
	if p := answer.GetPartialSuccess(); p.GetRejectedLogRecords() > 0 {
		return &PartialError{Rejected: min(p.GetRejectedLogRecords(), int64(len(rs))), Why: p.GetErrorMessage()}
	}
	return nil
}

// ForceFlush implements the SDK's Exporter: nothing is held back.
func (c *Client) ForceFlush(context.Context) error { return nil }

// Shutdown implements the SDK's Exporter.
func (c *Client) Shutdown(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// compress returns a body as it is sent, and what it is encoded with.
func (c *Client) compress(body []byte) ([]byte, string, error) {
	if c.config.Compression == None {
		return body, "", nil
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, "", err
	}
	if _, err := z.Write(body); err != nil {
		return nil, "", err
	}
	if err := z.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), string(Gzip), nil
}

// collector is the SDK's Processor that keeps what is emitted until the batch is
// sent: the queue is the event log's, which counts what it cannot hold.
type collector struct{ batch []sdklog.Record }

// Enabled implements the SDK's Processor.
func (*collector) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

// OnEmit implements the SDK's Processor.
func (c *collector) OnEmit(_ context.Context, r *sdklog.Record) error {
	c.batch = append(c.batch, *r)
	return nil
}

func (c *collector) take() []sdklog.Record {
	rs := c.batch
	c.batch = nil
	return rs
}

// Shutdown implements the SDK's Processor.
func (*collector) Shutdown(context.Context) error { return nil }

// ForceFlush implements the SDK's Processor.
func (*collector) ForceFlush(context.Context) error { return nil }
