// PromQL out of parts.
{
  // matchers joins label matchers, of which some may be empty.
  matchers(all):: std.join(', ', std.filter(function(m) m != '', all)),

  // select is a metric with matchers; without any it has no braces.
  select(metric, all)::
    local m = $.matchers(all);
    if m == '' then metric else '%s{%s}' % [metric, m],

  // once counts what replicas have all counted only once. The aggregation is
  // "max" where there are replicas, and "sum" where an exporter that was replaced
  // is to be counted with its successor.
  once(aggregation, labels, expr):: '%s without (%s) (%s)' % [aggregation, std.join(', ', labels), expr],

  // quantile is one of a histogram over a window, by labels, whether Prometheus
  // has scraped it with classic buckets or as a native one. Where nothing was
  // observed there is none.
  quantile(q, metric, all, by, window)::
    local rate(name, labels) = 'sum by (%s) (rate(%s[%s]))' % [std.join(', ', labels), $.select(name, all), window];
    |||
      (
        histogram_quantile(%s, %s)
          or histogram_quantile(%s, %s)
      ) >= 0
    ||| % [q, rate(metric + '_bucket', by + ['le']), q, rate(metric, by)],

  // loudest are the series of a range that are the largest in all of it, so that
  // a panel draws the same ones at each of its moments. What lacks the label, as
  // a node's event lacks a namespace, is called "none".
  loudest(n, label, rate, increase)::
    |||
      label_replace(
        sum by (%(label)s) (%(rate)s)
          and on (%(label)s) topk(%(n)d, sum by (%(label)s) (%(increase)s) > 0),
        "%(label)s", "none", "%(label)s", ""
      )
    ||| % { n: n, label: label, rate: rate, increase: increase },
}
