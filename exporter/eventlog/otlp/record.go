package otlp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/version"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	collogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	respb "go.opentelemetry.io/proto/slim/otlp/resource/v1"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
)

// resourceOf is who sends: this program, with what $OTEL_RESOURCE_ATTRIBUTES and
// $OTEL_SERVICE_NAME say.
func resourceOf(cluster string) (*resource.Resource, error) {
	own := []attribute.KeyValue{
		attribute.String("service.name", "kube-event-exporter"),
		attribute.String("service.version", version.Version),
	}
	if cluster != "" {
		own = append(own, attribute.String("k8s.cluster.name", cluster))
	}
	r, err := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithAttributes(own...), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return r, nil
}

// logRecord makes a log record of a record. What OTLP has a place for is there;
// the rest are attributes, under the names that a line has them under.
func (c *Client) logRecord(r *record.Record) log.Record {
	var l log.Record
	l.SetTimestamp(r.Timestamp)
	l.SetObservedTimestamp(r.ObservedTimestamp)
	l.SetSeverity(log.Severity(r.SeverityNumber))
	l.SetSeverityText(r.SeverityText)
	l.SetBody(attribute.StringValue(text(r.Body)))
	attrs := make([]attribute.KeyValue, 0, len(c.fields))
	for i := range c.fields {
		f := &c.fields[i]
		switch f.Name {
		case "timestamp", "observed_timestamp", "severity_text", "severity_number", "body", "k8s.cluster.name":
			continue
		}
		if v := f.Value(r); v != nil {
			attrs = append(attrs, attribute.KeyValue{Key: attribute.Key(f.Name), Value: value(v)})
		}
	}
	r.EachExtra(func(name, v string) { attrs = append(attrs, attribute.String(text(name), text(v))) })
	l.AddAttributes(attrs...)
	return l
}

// value is what a field holds.
func value(v any) attribute.Value {
	switch v := v.(type) {
	case string:
		return attribute.StringValue(text(v))
	case bool:
		return attribute.BoolValue(v)
	case int64:
		return attribute.Int64Value(v)
	case uint64:
		return attribute.Int64Value(int64(v)) //nolint:gosec // a resource version; the API server's are no greater
	case time.Time:
		return attribute.StringValue(v.Format(time.RFC3339Nano))
	case []string:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = text(v[i])
		}
		return attribute.StringSliceValue(texts)
	case map[string]string:
		var kvs []attribute.KeyValue
		for k, v := range v {
			kvs = append(kvs, attribute.String(text(k), text(v)))
		}
		return attribute.MapValue(kvs...)
	case []record.Owner:
		var owners []attribute.Value
		for _, o := range v {
			kvs := []attribute.KeyValue{attribute.String("kind", text(o.Kind)), attribute.String("name", text(o.Name))}
			if o.UID != "" {
				kvs = append(kvs, attribute.String("uid", text(o.UID)))
			}
			owners = append(owners, attribute.MapValue(kvs...))
		}
		return attribute.SliceValue(owners...)
	}
	return attribute.StringValue(fmt.Sprint(v))
}

// text makes s what protobuf takes for a text.
func text(s string) string { return strings.ToValidUTF8(s, "�") }

// request is what is sent for log records of one resource.
func request(rs []sdklog.Record) *collogs.ExportLogsServiceRequest {
	if len(rs) == 0 {
		return new(collogs.ExportLogsServiceRequest)
	}
	from, by := rs[0].Resource(), rs[0].InstrumentationScope()
	out := make([]*logs.LogRecord, len(rs))
	for i := range rs {
		out[i] = protoRecord(&rs[i])
	}
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource: &respb.Resource{Attributes: protoAttributes(from.Attributes())}, SchemaUrl: from.SchemaURL(),
		ScopeLogs: []*logs.ScopeLogs{{
			Scope:      &common.InstrumentationScope{Name: by.Name, Version: by.Version},
			LogRecords: out,
		}},
	}}}
}

func protoRecord(r *sdklog.Record) *logs.LogRecord {
	l := &logs.LogRecord{
		TimeUnixNano: nano(r.Timestamp()), ObservedTimeUnixNano: nano(r.ObservedTimestamp()),
		SeverityNumber: logs.SeverityNumber(r.Severity()), SeverityText: r.SeverityText(), //nolint:gosec // both are OpenTelemetry's numbers
		Body:       protoValue(r.Body()),
		Attributes: make([]*common.KeyValue, 0, r.AttributesLen()),
	}
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		l.Attributes = append(l.Attributes, &common.KeyValue{Key: string(kv.Key), Value: protoValue(kv.Value)})
		return true
	})
	return l
}

func nano(t time.Time) uint64 {
	return uint64(max(0, t.UnixNano()))
}

func protoAttributes(kvs []attribute.KeyValue) []*common.KeyValue {
	out := make([]*common.KeyValue, len(kvs))
	for i, kv := range kvs {
		out[i] = &common.KeyValue{Key: string(kv.Key), Value: protoValue(kv.Value)}
	}
	return out
}

func protoValue(v attribute.Value) *common.AnyValue {
	switch v.Type() {
	case attribute.STRING:
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v.AsString()}}
	case attribute.INT64:
		return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: v.AsInt64()}}
	case attribute.BOOL:
		return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: v.AsBool()}}
	case attribute.MAP:
		return &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: protoAttributes(v.AsMap())}}}
	case attribute.STRINGSLICE:
		var values []*common.AnyValue
		for _, s := range v.AsStringSlice() {
			values = append(values, &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}})
		}
		return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: values}}}
	case attribute.SLICE:
		all := v.AsSlice()
		values := make([]*common.AnyValue, len(all))
		for i := range all {
			values[i] = protoValue(all[i])
		}
		return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: values}}}
	default: // the environment's attributes are texts
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v.String()}}
	}
}
