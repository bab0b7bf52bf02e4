// kubebark itself: health, the budget of series, what it costs.
local b = import '../lib/board.libsonnet';
local links = import '../lib/links.libsonnet';
local p = import '../lib/panel.libsonnet';
local q = import '../lib/query.libsonnet';

function(cfg)
  local chosen = ['%s=~"$cluster"' % cfg.clusterLabel, 'instance=~"$instance"'];
  local of(prefix, selector) = function(metric, more=[]) q.select(prefix + metric, [selector] + chosen + more);
  local exporter = of('kube_event_exporter_', cfg.exporterSelector);
  local receiver = of('alertmanager_bark_', cfg.receiverSelector);
  local rate(metric, by) = 'sum by (%s) (rate(%s[$__rate_interval]))' % [by, metric];
  local names = ['job', 'instance'];
  local either(metric) = '%s or %s' % [exporter(metric), receiver(metric)];
  // ours narrows what every program has down to the two.
  local ours(expr) = '%s\n  and on (job, instance) (%s)' % [expr, either('build_info')];
  local common(metric) = q.select(metric, chosen);
  local program(title, description, expr) = p.series(title, description, [p.range(ours(expr), '{{job}} {{instance}}')]);
  local onInstance = p.links([links.link('Landing page', '${exporter}/')]);

  local variables = [
    b.labels('cluster', 'Cluster', q.select('kube_event_exporter_build_info', [cfg.exporterSelector]), cfg.clusterLabel),
    b.labels('instance', 'Instance', '{__name__=~"kube_event_exporter_build_info|alertmanager_bark_build_info", %s}' % chosen[0], 'instance'),
  ];

  b.board(
    cfg,
    'kubebark-itself',
    'kubebark / kubebark itself',
    'Health, room and cost of kube-event-exporter and alertmanager-bark.',
    variables,
    [],
    [
      b.row('Health', [
        p.table(
          'Programs',
          'Those that are scraped.',
          [p.rows(either('build_info'))],
          [['job', 'Job', {}], ['instance', 'Instance', {}], ['version', 'Version', { 'custom.width': 90 }], ['revision', 'Revision', { 'custom.width': 90 }], ['goversion', 'Go', { 'custom.width': 80 }]],
          'Job',
        ) + p.size(10, 6),
        p.number('Watch', 'Since it last connected or delivered. A quiet one reconnects every 10 minutes.', [
          p.instant('time() - (%s > 0)' % exporter('watch_last_progress_timestamp_seconds'), '{{instance}}'),
        ]) + p.steps('s', [[600, 'orange'], [900, 'red']]) + p.size(4, 6),
        p.number('Configuration', 'Whether the last load succeeded.', [p.instant(either('config_last_reload_successful'), '{{instance}}')])
        + p.steps('short', []) + p.mapped({ '0': ['refused', 'red'], '1': ['loaded', 'green'] }) + p.size(6, 6),
        p.number('State file', 'Since it was last written.', [p.instant('time() - (%s > 0)' % exporter('state_last_write_timestamp_seconds'), '{{instance}}')]) + p.unit('s') + p.decimals(0) + p.size(4, 6),
        p.series('Watch events', 'Received a second.', [p.range(rate(exporter('watch_events_total'), 'event'), '{{event}}')]) + p.perSecond + onInstance,
        p.series('Watches begun again', 'In each interval, by cause. "closed" is the server\'s habit; "expired" means that a list was made.', [
          p.range('sum by (cause) (increase(%s[$__rate_interval]))' % exporter('watch_restarts_total'), '{{cause}}'),
        ]),
        p.series('Counted otherwise', 'Occurrences a second that were found by comparing lists, or counted by an assumption; and failed writes of the state file.', [
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('recovered_occurrences_total'), 'found in a list'),
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('inexact_occurrences_total'), 'by assumption'),
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('state_write_failures_total'), 'state not written'),
        ]) + p.perSecond,
      ]),
      b.row('Room', [
        p.series('Series of events', 'Label sets with a series of their own.', [p.range(exporter('series'), '{{instance}}')]) + p.size(6, 8),
        p.series('Room for series', 'How much of metrics.series_limit is used.', [p.range('%s / %s' % [exporter('series'), exporter('series_limit')], '{{instance}}')]) + p.unit('percentunit') + p.bounds(0, 1) + p.size(6, 8),
        p.series('No room for', 'Label sets a second that were counted under reason="_other".', [p.range(rate(exporter('series_dropped_total'), 'instance'), '{{instance}}')]) + p.perSecond + p.size(6, 8),
        p.series('Remembered', 'Events whose counts are known, and what devices were last told.', [
          p.range(exporter('tracked_events'), 'events {{instance}}'),
          p.range(receiver('dedup_entries'), 'devices\' groups {{instance}}'),
          p.range('increase(%s[$__rate_interval])' % receiver('dedup_evictions_total'), 'given up {{instance}}'),
        ]) + p.size(6, 8),
      ]),
      b.row('Event log', [
        p.series('Records', 'A second: written to the file, sent over OTLP, and given up. Nothing without an event log.', [
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('event_log_records_total'), 'written'),
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('event_log_otlp_records_total'), 'sent'),
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('event_log_dropped_total'), 'not written'),
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('event_log_otlp_dropped_total'), 'not sent'),
        ]) + p.perSecond + p.size(12, 8),
        p.series('Records that wait', 'Of the room for them; beyond it new ones are dropped.', [
          p.range('%s / %s' % [exporter('event_log_queue_length'), exporter('event_log_queue_capacity')], 'for the disk, {{instance}}'),
          p.range('%s / %s' % [exporter('event_log_otlp_queue_length'), exporter('event_log_otlp_queue_capacity')], 'for OTLP, {{instance}}'),
        ]) + p.unit('percentunit') + p.bounds(0, 1) + p.size(12, 8),
      ]),
      b.row('Cost', [
        program('CPU', 'Cores.', 'rate(%s[$__rate_interval])' % common('process_cpu_seconds_total')),
        program('Memory', 'Resident.', common('process_resident_memory_bytes')) + p.unit('bytes'),
        program('Heap', 'In use.', common('go_memstats_heap_inuse_bytes')) + p.unit('bytes'),
        program('Goroutines', '', common('go_goroutines')),
        program('Open files', '', common('process_open_fds')),
        program('Scrapes', 'How long each takes.', common('scrape_duration_seconds')) + p.unit('s'),
        program('Samples', 'In each scrape.', common('scrape_samples_scraped')),
        p.series('Look-ups', 'Objects a second that were looked up for alerts, by outcome. "cached" asked nobody.', [p.range(rate(exporter('lookups_total'), 'outcome'), '{{outcome}}')]) + p.perSecond,
        p.series('Watchdog', 'Since the watchdog of alertmanager-bark last gave a sign of life; nothing without one.', [
          p.range('time() - (%s > 0)' % receiver('watchdog_last_heard_timestamp_seconds'), '{{instance}}'),
        ]) + p.unit('s'),
      ]),
    ],
  )
