-- The table of otel-collector-clickhouse.yaml. Its columns are those that the
-- collector's exporter writes. Attributes are texts there, lists of them JSON.
CREATE DATABASE IF NOT EXISTS otel;
CREATE TABLE IF NOT EXISTS otel.kubernetes_events (
    Timestamp DateTime64(9) CODEC(Delta, ZSTD),
    TraceId String,
    SpanId String,
    TraceFlags UInt8,
    SeverityText LowCardinality(String),
    SeverityNumber UInt8,
    ServiceName LowCardinality(String),
    Body String CODEC(ZSTD),
    ResourceSchemaUrl LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD),
    ScopeSchemaUrl LowCardinality(String),
    ScopeName String,
    ScopeVersion LowCardinality(String),
    ScopeAttributes Map(LowCardinality(String), String),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Timestamp)
ORDER BY (LogAttributes['k8s.namespace.name'], Timestamp)
TTL toDateTime(Timestamp) + INTERVAL 90 DAY;

-- What happened to a pod, without what came twice:
-- SELECT Timestamp, LogAttributes['k8s.event.reason'], Body, LogAttributes['occurrences']
-- FROM otel.kubernetes_events WHERE LogAttributes['k8s.namespace.name'] = 'shop' AND LogAttributes['k8s.pod.name'] = 'cart-0'
-- ORDER BY Timestamp LIMIT 1 BY LogAttributes['event.id'];
