package otlp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/config"
	collogs "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kubebark/kubebark/exporter/eventlog/record"
	"github.com/kubebark/kubebark/exporter/occurrence"
	"github.com/kubebark/kubebark/internal/conf"
	"github.com/kubebark/kubebark/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// sample is a record with all kinds of fields.
func sample() *record.Record {
	at := time.Date(2026, 11, 3, 8, 15, 0, 250e6, time.UTC)
	r := record.Of(&occurrence.Occurrence{
		Event: occurrence.Event{
			Namespace: "shop", Name: "cart-0.18a1", UID: "e-1", Version: 4711, Type: "Warning", Reason: "BackOff",
			Message: "bad \xff byte", Count: 7, Counted: true, Last: at,
			Object: occurrence.Object{Kind: "Pod", Namespace: "shop", Name: "cart-0", UID: "p-1", FieldPath: "spec.containers{app}"},
		}, New: 3, At: at,
	}, at.Add(time.Second))
	r.Cluster, r.External = "prod-eu", map[string]string{"tier": "1"}
	r.Own([]record.Owner{{Kind: "StatefulSet", Name: "cart", UID: "s-1"}})
	r.Labels, r.HostIPs = map[string]string{"app": "cart"}, []string{"192.0.2.7"}
	return r
}

func connect(t *testing.T, c Config) *Client {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	cl, err := New(&c, "prod-eu")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Shutdown(context.Background()) })
	return cl
}

// TestSends: over either protocol, compressed or not, a record arrives with all
// that its line has.
func TestSends(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=lab")
	for _, protocol := range []Protocol{GRPC, HTTP} {
		for _, compression := range []Compression{Gzip, None} {
			t.Run(string(protocol)+" "+string(compression), func(t *testing.T) {
				f, url := startFake(t)
				c := DefaultConfig()
				c.Endpoint, c.Protocol, c.Compression = url, protocol, compression
				c.HTTPClientConfig.HTTPHeaders = &config.Headers{Headers: map[string]config.Header{"X-Scope-Orgid": {Values: []string{"lab"}}}}
				r := sample()
				if err := connect(t, c).Send(t.Context(), []*record.Record{r, r}); err != nil {
					t.Fatal(err)
				}
				if f.headers.Get("X-Scope-Orgid") != "lab" || !strings.HasSuffix(f.path, map[Protocol]string{GRPC: "/Export", HTTP: "/v1/logs"}[protocol]) {
					t.Errorf("to %s with %v", f.path, f.headers)
				}
				got := f.got[0]
				res := plainMap(got.Resource.Attributes)
				for k, want := range map[string]any{"service.name": "kube-event-exporter", "k8s.cluster.name": "prod-eu", "deployment.environment.name": "lab", "telemetry.sdk.name": "opentelemetry"} {
					if res[k] != want {
						t.Errorf("resource attribute %s is %v, want %v", k, res[k], want)
					}
				}
				if n := len(got.ScopeLogs[0].LogRecords); n != 2 {
					t.Fatalf("%d records", n)
				}
				l := got.ScopeLogs[0].LogRecords[1]
				have := plainMap(l.Attributes)
				have["timestamp"] = time.Unix(0, int64(l.TimeUnixNano)).UTC().Format(time.RFC3339Nano)
				have["observed_timestamp"] = time.Unix(0, int64(l.ObservedTimeUnixNano)).UTC().Format(time.RFC3339Nano)
				have["severity_text"], have["severity_number"] = l.SeverityText, float64(l.SeverityNumber)
				have["body"], have["k8s.cluster.name"] = plain(l.Body), res["k8s.cluster.name"]
				if d := cmp.Diff(asLine(t, r), have); d != "" {
					t.Errorf("(-line +sent)\n%s", d)
				}
			})
		}
	}
}

func asLine(t *testing.T, r *record.Record) map[string]any {
	t.Helper()
	var b bytes.Buffer
	if err := r.Append(&b); err != nil {
		t.Fatal(err)
	}
	m := make(map[string]any)
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// plain is a value as JSON has it.
func plain(v *common.AnyValue) any {
	switch v := v.Value.(type) {
	case *common.AnyValue_IntValue:
		return float64(v.IntValue)
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_ArrayValue:
		var all []any
		for _, e := range v.ArrayValue.Values {
			all = append(all, plain(e))
		}
		return all
	case *common.AnyValue_KvlistValue:
		return plainMap(v.KvlistValue.Values)
	}
	return v.GetStringValue()
}

func plainMap(kvs []*common.KeyValue) map[string]any {
	m := make(map[string]any)
	for _, kv := range kvs {
		m[kv.Key] = plain(kv.Value)
	}
	return m
}

// status is a google.rpc.Status with a RetryInfo of so many seconds.
func retryInfo(seconds uint64) string {
	delay := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), seconds)
	info := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), delay)
	detail := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "type.googleapis.com/google.rpc.RetryInfo")
	detail = protowire.AppendBytes(protowire.AppendTag(detail, 2, protowire.BytesType), info)
	status := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), codeResourceExhausted)
	return base64.RawStdEncoding.EncodeToString(protowire.AppendBytes(protowire.AppendTag(status, 3, protowire.BytesType), detail))
}

// TestAnswers: what an answer means for the records.
func TestAnswers(t *testing.T) {
	partial := &collogs.ExportLogsServiceResponse{PartialSuccess: &collogs.ExportLogsPartialSuccess{RejectedLogRecords: 1, ErrorMessage: "too old"}}
	for name, tt := range map[string]struct {
		protocol Protocol
		says     answer
		want     error
	}{
		"HTTP 400":         {HTTP, answer{status: 400, message: "no such field"}, &RefusedError{"status 400 Bad Request: no such field"}},
		"HTTP 413":         {HTTP, answer{status: 413}, &RefusedError{"status 413 Request Entity Too Large"}},
		"HTTP 401":         {HTTP, answer{status: 401}, &LaterError{Why: "status 401 Unauthorized"}},
		"HTTP 429":         {HTTP, answer{status: 429, header: map[string]string{"Retry-After": "7"}}, &LaterError{Why: "status 429 Too Many Requests", After: 7 * time.Second}},
		"HTTP 503":         {HTTP, answer{status: 503, message: "\n"}, &LaterError{Why: "status 503 Service Unavailable"}},
		"HTTP partial":     {HTTP, answer{reply: partial}, &PartialError{1, "too old"}},
		"gRPC refused":     {GRPC, answer{code: "3", message: "no such%20field"}, &RefusedError{"code 3: no such field"}},
		"gRPC too large":   {GRPC, answer{code: "8"}, &RefusedError{"code 8"}},
		"gRPC exhausted":   {GRPC, answer{code: "8", header: map[string]string{"Grpc-Status-Details-Bin": retryInfo(9)}}, &LaterError{"code 8", 9 * time.Second}},
		"gRPC unavailable": {GRPC, answer{code: "14", message: "later"}, &LaterError{Why: "code 14: later"}},
		"gRPC forbidden":   {GRPC, answer{code: "7"}, &LaterError{Why: "code 7"}},
		"gRPC proxy":       {GRPC, answer{status: 502}, &LaterError{Why: "status 502 Bad Gateway"}},
		"gRPC partial":     {GRPC, answer{reply: partial}, &PartialError{1, "too old"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, url := startFake(t)
			f.say(tt.says)
			c := DefaultConfig()
			c.Endpoint, c.Protocol = url, tt.protocol
			err := connect(t, c).Send(t.Context(), []*record.Record{sample()})
			if d := cmp.Diff(tt.want, err); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// TestFaults: nobody there, another protocol, no answer in time.
func TestFaults(t *testing.T) {
	f, url := startFake(t)
	f.say(answer{status: 200, message: "<html>"})
	c := DefaultConfig()
	c.Endpoint = url
	if err := connect(t, c).Send(t.Context(), []*record.Record{sample()}); err == nil || !strings.Contains(err.Error(), "another protocol") {
		t.Errorf("error %v", err)
	}
	c.Endpoint = "http://127.0.0.1:1"
	if err := connect(t, c).Send(t.Context(), []*record.Record{sample()}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error %v", err)
	}
	c.Endpoint, c.Timeout = url, conf.Duration(time.Millisecond)
	f.mu.Lock() // it hangs
	err := connect(t, c).Send(t.Context(), []*record.Record{sample()})
	f.mu.Unlock()
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer within 1ms") {
		t.Errorf("error %v", err)
	}
}

// TestSecrets: credentials come from a file, which may change, and are in no
// error.
func TestSecrets(t *testing.T) {
	f, url := startFake(t)
	file := filepath.Join(t.TempDir(), "token")
	c := DefaultConfig()
	c.Endpoint, c.Protocol = url, HTTP
	c.HTTPClientConfig.Authorization = &config.Authorization{Type: "Bearer", CredentialsFile: file}
	cl := connect(t, c)
	for _, token := range []string{"first-secret", "second-secret"} {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		f.say(answer{status: 403})
		err := cl.Send(t.Context(), []*record.Record{sample()})
		if got := f.headers.Get("Authorization"); got != "Bearer "+token {
			t.Errorf("authorization %q", got)
		}
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v", err)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"good":         {func(c *Config) { c.Endpoint = "https://collector:4317" }, ""},
		"prefix":       {func(c *Config) { c.Endpoint, c.Protocol = "http://loki:3100/otlp/", HTTP }, ""},
		"no scheme":    {func(c *Config) { c.Endpoint = "collector:4317" }, "endpoint: want http://host:port or https://host:port"},
		"user":         {func(c *Config) { c.Endpoint = "http://a:secret@collector:4317" }, "endpoint: must not have a user; basic_auth is the place"},
		"query":        {func(c *Config) { c.Endpoint = "http://collector:4317?a=b" }, "endpoint: must not have a query or a fragment"},
		"path of gRPC": {func(c *Config) { c.Endpoint = "http://collector:4317/v1/logs" }, "endpoint: must not have a path with the protocol grpc; with http/protobuf it may"},
		"protocol":     {func(c *Config) { c.Protocol = "http" }, `protocol: want grpc or http/protobuf, have "http"`},
		"compression":  {func(c *Config) { c.Compression = "zstd" }, `compression: want gzip or none, have "zstd"`},
		"timeout":      {func(c *Config) { c.Timeout = 0 }, "timeout: must be longer than 0"},
		"plain secrets": {func(c *Config) {
			c.Endpoint = "http://collector:4317"
			c.HTTPClientConfig.BasicAuth = &config.BasicAuth{Username: "a", PasswordFile: "b"}
		}, "basic_auth: takes https, or the protocol http/protobuf"},
	} {
		t.Run(name, func(t *testing.T) {
			c := DefaultConfig()
			tt.change(&c)
			text := ""
			if err := c.Validate(); err != nil {
				text = err.Error()
			}
			if text != tt.want {
				t.Errorf("error %q, want %q", text, tt.want)
			}
		})
	}
}
