// PromQL out of parts.
{
  // matchers joins label matchers, of which some may be empty.
  matchers(all):: std.join(', ', std.filter(function(m) m != '', all)),

  // select is a metric with matchers; without any it has no braces.
  select(metric, all)::
    local m = $.matchers(all);
    if m == '' then metric else '%s{%s}' % [metric, m],

  // quantile is one of a histogram over a window, by labels, whether Prometheus
  // has scraped it with classic buckets or as a native one.
  quantile(q, metric, all, by, window)::
    local rate(name, labels) = 'sum by (%s) (rate(%s[%s]))' % [std.join(', ', labels), $.select(name, all), window];
    |||
      histogram_quantile(%s, %s)
        or histogram_quantile(%s, %s)
    ||| % [q, rate(metric + '_bucket', by + ['le']), q, rate(metric, by)],

  // loudest are the series of a range that are the largest in all of it, so that
  // a panel draws the same ones at each of its moments.
  loudest(n, by, metric, all)::
    local labels = std.join(', ', by);
    |||
      sum by (%s) (rate(%s[$__rate_interval]))
        and on (%s) topk(%d, sum by (%s) (increase(%s[$__range] @ end())) > 0)
    ||| % [labels, $.select(metric, all), labels, n, labels, $.select(metric, all)],
}
