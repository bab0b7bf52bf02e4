// Recording rules: rates of events with few labels, for dashboards over long
// times and for alerts of one's own.
local q = import 'lib/query.libsonnet';
{
  local cfg = $._config,
  local rate(by) = {
    local labels = [cfg.clusterLabel] + by,
    local each = 'rate(%s[%s])' % [q.select('kube_event_occurrences_total', [cfg.exporterSelector]), cfg.rules.window],
    record: '%s:kube_event_occurrences:rate%s' % [std.join('_', labels), cfg.rules.window],
    expr: 'sum by (%s) (%s)' % [
      std.join(', ', labels),
      if cfg.replicated then q.once('max', cfg.replicaLabels, each) else each,
    ],
  },

  prometheusRules+:: {
    groups+: [{
      name: 'kubebark-events',
      rules: [
        rate(['type']),
        rate(['type', 'namespace']),
        rate(['type', 'reason']),
        rate(['type', 'namespace', 'reason']),
      ],
    }],
  },
}
