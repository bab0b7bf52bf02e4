// Events: what the cluster says, who is loudest, what is new.
local b = import '../lib/board.libsonnet';
local links = import '../lib/links.libsonnet';
local p = import '../lib/panel.libsonnet';
local q = import '../lib/query.libsonnet';

function(cfg)
  local cluster = '%s=~"$cluster"' % cfg.clusterLabel;
  local chosen = [cfg.exporterSelector, cluster, 'type=~"$type"', 'namespace=~"$namespace"'];
  local count = 'kube_event_occurrences_total';
  local last = 'kube_event_last_occurrence_timestamp_seconds';
  local names = ['type', 'reason', 'namespace', 'kind', 'component'];
  local by(labels, expr) = 'sum by (%s) (%s)' % [std.join(', ', labels), expr];
  local once(expr) = q.once('$replicas', cfg.replicaLabels, expr);
  local rate(series, window='$__rate_interval') = once('rate(%s[%s])' % [series, window]);
  local increase(series, window='$__range') = once('increase(%s[%s])' % [series, window]);
  local occurrences = q.select(count, chosen);
  local warnings = q.select(count, [cfg.exporterSelector, cluster, 'type="Warning"', 'namespace=~"$namespace"']);
  local inRange(labels) = by(labels, increase(occurrences));
  local exporter(metric, more=[]) = q.select('kube_event_exporter_' + metric, [cfg.exporterSelector, cluster] + more);
  local alertmanager(metric, more=[]) = q.select('alertmanager_' + metric, [cfg.alertmanagerSelector, cluster] + more);
  // What rules drop has a reason and a namespace, but no type.
  local dropped = once('increase(%s[$__range])' % q.select('kube_event_exporter_dropped_occurrences_total', [cfg.exporterSelector, cluster, 'namespace=~"$namespace"']));
  local loudestRows = 'topk(%d, %s > 0)' % [2 * cfg.dashboards.top, inRange(names)];

  // Where a row's reason leads.
  local ofReason = [
    links.link('Alerts with this reason', '${exporter}/alerts?q=${__data.fields.reason}'),
    links.link('Silence in Alertmanager', '${alertmanager_ui}/#/silences/new?filter=%7Breason%3D%22${__data.fields.reason}%22%2Cnamespace%3D%22${__data.fields.namespace}%22%7D'),
    links.link('Logs of the namespace', cfg.dashboards.logsURL),
  ];
  local nameColumns = [
    ['type', 'Type', { 'custom.width': 75 }],
    ['reason', 'Reason', p.linked(ofReason)],
    ['namespace', 'Namespace', {}],
    ['kind', 'Kind', { 'custom.width': 100 }],
    ['component', 'Component', {}],
  ];

  local loudest(label, title) = p.series(
    title,
    'Occurrences a second of the %d loudest of the range.' % cfg.dashboards.top,
    [p.range(q.loudest(cfg.dashboards.top, label, rate(occurrences), once('increase(%s[$__range] @ end())' % occurrences)), '{{%s}}' % label)],
  ) + p.perSecond + p.size(12, 8);

  local variables = [
    b.labels('cluster', 'Cluster', q.select('kube_event_exporter_build_info', [cfg.exporterSelector]), cfg.clusterLabel),
    b.labels('namespace', 'Namespace', q.select(count, [cfg.exporterSelector, cluster]), 'namespace'),
    b.labels('type', 'Type', q.select(count, [cfg.exporterSelector, cluster]), 'type'),
    b.replicas(cfg),
  ];

  local spike = {
    name: 'Spikes of Warnings',
    datasource: p.datasource,
    enable: true,
    iconColor: 'orange',
    expr: |||
      sum by (namespace) (%(increase)s) >= %(atLeast)s
        and sum by (namespace) (%(rate)s) >= %(times)s * sum by (namespace) (%(mean)s)
    ||| % cfg.dashboards.spike { increase: increase(warnings, '5m'), rate: rate(warnings, '5m'), mean: rate(warnings, '1h') },
    step: '60s',
    titleFormat: 'Warnings in {{namespace}}',
    tagKeys: 'namespace',
  };

  b.board(
    cfg,
    'kubebark-events',
    'kubebark / Events',
    'Kubernetes events as kube-event-exporter counts them: each occurrence once, repeats included.',
    variables,
    [spike],
    [
      b.row('Events', [
        p.number('Occurrences', 'In the range, by type.', [p.instant(inRange(['type']), '{{type}}')]) + p.decimals(0) + p.size(8, 4),
        p.number('Reasons', 'How many reasons occurred in the range.', [p.instant('count(%s > 0)' % inRange(['reason']), 'reasons')]),
        p.number('Namespaces with Warnings', 'How many had any in the range.', [
          p.instant('count(%s > 0)' % by(['namespace'], increase(warnings)), 'namespaces'),
        ]),
        p.number('Dropped by rules', 'Share of the occurrences that a rule with "drop" kept from being an alert, whatever their type.', [
          p.instant('(sum(%s) or vector(0))\n  / sum(%s)' % [dropped, increase(q.select(count, [cfg.exporterSelector, cluster, 'namespace=~"$namespace"']))], 'dropped'),
        ]) + p.unit('percentunit') + p.decimals(1),
        p.number('Silenced or inhibited', 'Share of the alerts in Alertmanager now that are suppressed, whatever their source: Alertmanager\'s metrics do not tell reasons apart. The link shows those from events.', [
          p.instant('sum(%s)\n  / sum(%s)' % [alertmanager('alerts', ['state="suppressed"']), alertmanager('alerts')], 'suppressed'),
        ]) + p.unit('percentunit') + p.decimals(1) + p.links([links.link('Silenced alerts from events', '${alertmanager_ui}/#/alerts?silenced=true&inhibited=true&active=false&filter=%7Bsource%3D%22kubernetes-event%22%7D')]),
        p.series('Rate by type', 'Occurrences a second.', [p.range(by(['type'], rate(occurrences)), '{{type}}')]) + p.perSecond + p.stacked + p.size(12, 8),
        loudest('reason', 'Rate by reason') + p.links([links.link('Loudest reasons and workloads', '${exporter}/noise')]),
        loudest('namespace', 'Rate by namespace'),
        loudest('kind', 'Rate by kind'),
        loudest('component', 'Rate by component'),
        p.series('Mutes in Alertmanager', 'Notifications a second that a silence, an inhibition or a time interval held back, whatever their source.', [
          p.range('sum by (reason) (rate(%s[$__rate_interval]))' % alertmanager('notifications_suppressed_total'), '{{reason}}'),
        ]) + p.perSecond + p.size(12, 8),
      ]),
      b.row('Noise', [
        p.table(
          'Loudest reasons',
          'The %d with the most occurrences in the range, their share of all, and how much of the reason in the namespace a rule dropped. What is silenced is known to Alertmanager: see the links.' % (2 * cfg.dashboards.top),
          [
            p.rows(loudestRows),
            p.rows('%s\n  / scalar(sum(%s))' % [loudestRows, increase(occurrences)]),
            p.rows('0 * %(rows)s\n  + on (reason, namespace) group_left () clamp_max(\n    (%(dropped)s or 0 * %(all)s)\n    / %(all)s, 1)' % {
              rows: loudestRows,
              dropped: by(['reason', 'namespace'], dropped),
              all: '(%s > 0)' % by(['reason', 'namespace'], increase(q.select(count, [cfg.exporterSelector, cluster, 'namespace=~"$namespace"']))),
            }),
          ],
          nameColumns + [[p.value(0), 'Occurrences', { decimals: 0, 'custom.width': 100 }], [p.value(1), 'Share', p.gauge { 'custom.width': 110 }], [p.value(2), 'Dropped', p.gauge { 'custom.width': 110 }]],
          'Occurrences',
        ) + p.size(14, 10) + p.links([links.link('Loudest workloads, with a rule to drop each', '${exporter}/noise')]),
        p.table(
          'What rules decided',
          'Changes of events by the rule that decided about them, and their share. "default" is what no rule knows.',
          [
            p.rows('sum by (rule) (%s) > 0' % increase(exporter('rule_matches_total'))),
            p.rows('(sum by (rule) (%s) > 0)\n  / scalar(sum(%s))' % [increase(exporter('rule_matches_total')), increase(exporter('rule_matches_total'))]),
          ],
          [
            ['rule', 'Rule', p.linked([links.link('Its alerts', '${exporter}/alerts?q=${__data.fields.rule}')])],
            [p.value(0), 'Changes', { decimals: 0, 'custom.width': 80 }],
            [p.value(1), 'Share', p.gauge { 'custom.width': 150 }],
          ],
          'Changes',
        ) + p.size(10, 10),
      ]),
      b.row('Time', [
        p.table(
          'New since yesterday',
          'What occurred and was not there a day ago, with the moment of its latest occurrence.',
          [p.rows('max by (%(names)s) (%(now)s * 1000)\n  unless on (%(names)s) %(now)s offset 1d' % { names: std.join(', ', names), now: q.select(last, chosen) })],
          nameColumns + [['Value', 'Last seen', { unit: 'dateTimeFromNow', 'custom.width': 130 }]],
          'Last seen',
        ),
        p.table(
          'Last seen',
          'The moment of the latest occurrence.',
          [p.rows('max by (%s) (%s * 1000)' % [std.join(', ', names), q.select(last, chosen)])],
          nameColumns + [['Value', 'Last seen', { unit: 'dateTimeFromNow', 'custom.width': 130 }]],
          'Last seen',
        ),
      ]),
    ],
  )
