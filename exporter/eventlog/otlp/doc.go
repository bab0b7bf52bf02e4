// Package otlp sends records of the event log as OTLP logs, over gRPC or HTTP.
//
// A [Client] makes log records of OpenTelemetry's SDK from ours, with what the
// SDK says about the resource, and sends a batch of them in one request. It does
// not try again: its errors tell whether that can help. [RefusedError] means that
// these records will never be taken, [PartialError] that some of them were not; any
// other error is one of the way or of the configuration, and passes.
//
// Both protocols go over net/http, gRPC as one message each way over HTTP/2. The
// SDK's own exporters link gRPC, which costs the program 2 MiB of memory whether
// records are sent or not, and they do not tell how many records a collector has
// refused. What goes over the wire is OpenTelemetry's own generated code.
package otlp
