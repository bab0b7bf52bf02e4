// Alerts and pushes: the way from an event to a phone, and what is lost on it.
local b = import '../lib/board.libsonnet';
local links = import '../lib/links.libsonnet';
local p = import '../lib/panel.libsonnet';
local q = import '../lib/query.libsonnet';

function(cfg)
  local cluster = '%s=~"$cluster"' % cfg.clusterLabel;
  local of(prefix, selector) = function(metric, more=[]) q.select(prefix + metric, [selector, cluster] + more);
  local exporter = of('kube_event_exporter_', cfg.exporterSelector);
  local alertmanager = of('alertmanager_', cfg.alertmanagerSelector);
  local receiver = of('alertmanager_bark_', cfg.receiverSelector);
  local once(expr) = q.once('$replicas', cfg.replicaLabels, expr);
  local rate(metric, by) = 'sum by (%s) (rate(%s[$__rate_interval]))' % [by, metric];
  local inRange(metric, by) = 'sum by (%s) (increase(%s[$__range]))' % [by, metric];
  local share(part, all) = 'sum(increase(%s[$__range]))\n  / sum(increase(%s[$__range]))' % [part, all];
  local quantiles(metric, selector, by, legend) = [
    p.range(q.quantile(x[0], metric, [selector, cluster], by, '$__rate_interval'), x[1] + legend)
    for x in [['0.5', 'half'], ['0.95', '95 %'], ['0.99', '99 %']]
  ];
  local webhook = 'integration="webhook"';
  local seconds = p.unit('s');

  local variables = [
    b.labels('cluster', 'Cluster', q.select('kube_event_exporter_build_info', [cfg.exporterSelector]), cfg.clusterLabel),
    b.labels('am', 'To Alertmanager', exporter('notifications_sent_total'), 'alertmanager'),
    b.labels('receiver', 'Receiver', receiver('pushes_total'), 'receiver'),
    b.replicas(cfg),
  ];
  local to = ['alertmanager=~"$am"'];
  local chosen = ['receiver=~"$receiver"'];

  b.board(
    cfg,
    'kubebark-alerts-and-pushes',
    'kubebark / Alerts and pushes',
    'From an event to a phone: kube-event-exporter, Alertmanager, alertmanager-bark, Bark.',
    variables,
    [],
    [
      b.row('At a glance', [
        p.number('Alerts firing', 'Made of events, as kube-event-exporter has them.', [p.instant('sum(%s)' % once(exporter('alerts', ['state="firing"'])), 'firing')])
        + p.links([links.link('Alerts from events', '${exporter}/alerts?state=firing')]),
        p.number('Counted late', 'From an event\'s own time to its being counted, in 95 of 100 cases.', [
          p.instant(q.quantile('0.95', 'kube_event_exporter_event_lag_seconds', [cfg.exporterSelector, cluster], [cfg.clusterLabel], '$__range'), '{{%s}}' % cfg.clusterLabel),
        ]) + p.steps('s', [[15, 'orange'], [60, 'red']]),
        p.number('Not taken by Alertmanager', 'Share of the alerts sent, each try counted.', [
          p.instant('sum(increase(%s[$__range]))\n  / (sum(increase(%s[$__range])) + sum(increase(%s[$__range])))' % [
            exporter('notifications_errors_total', to),
            exporter('notifications_errors_total', to),
            exporter('notifications_sent_total', to),
          ], 'not taken'),
        ]) + p.steps('percentunit', [[0.01, 'orange'], [0.1, 'red']]) + p.decimals(1),
        p.number('Webhooks failed', 'Share of the webhooks that were not answered with 200.', [
          p.instant(
            '(sum(increase(%s[$__range])) or vector(0))\n  / sum(increase(%s[$__range]))' % [receiver('webhooks_total', ['code!~"2.."'] + chosen), receiver('webhooks_total', chosen)],
            'failed',
          ),
        ]) + p.steps('percentunit', [[0.01, 'orange'], [0.1, 'red']]) + p.decimals(1),
        p.number('Pushes delivered', 'In the range.', [p.instant('sum(increase(%s[$__range]))' % receiver('pushes_total', ['outcome="delivered"'] + chosen), 'delivered')]) + p.decimals(0),
        p.number('bark-server', 'Whether it answered the last time that it was asked.', [p.instant('min by (server) (%s)' % receiver('bark_up'), '{{server}}')])
        + p.steps('short', []) + p.mapped({ '0': ['down', 'red'], '1': ['up', 'green'] }),
      ]),
      b.row('From event to alert', [
        p.series('Time to being counted', 'From the time that an event carries. An events.k8s.io recorder writes some of them minutes late.', quantiles('kube_event_exporter_event_lag_seconds', cfg.exporterSelector, [cfg.clusterLabel], ' {{%s}}' % cfg.clusterLabel)) + seconds,
        p.series('Alerts', 'Pending ones wait for their rule\'s "for" or its number of occurrences.', [p.range('sum by (state) (%s)' % once(exporter('alerts')), '{{state}}')]) + p.stacked
        + p.links([links.link('Alerts from events', '${exporter}/alerts')]),
        p.series('Decisions', 'Changes of events a second, by the rule that decided.', [
          p.range(q.loudest(cfg.dashboards.top, 'rule', once('rate(%s[$__rate_interval])' % exporter('rule_matches_total')), once('increase(%s[$__range] @ end())' % exporter('rule_matches_total'))), '{{rule}}'),
          p.range('sum(rate(%s[$__rate_interval]))' % exporter('alerts_folded_total'), 'folded, for want of room'),
        ]) + p.perSecond,
      ]),
      b.row('To Alertmanager', [
        p.series('Alerts taken', 'By Alertmanager, a second.', [p.range(rate(exporter('notifications_sent_total', to), 'alertmanager'), '{{alertmanager}}')]) + p.perSecond,
        p.series('Errors', 'Alerts in requests that failed or were refused, each try counted, a second.', [p.range(rate(exporter('notifications_errors_total', to), 'alertmanager'), '{{alertmanager}}')]) + p.perSecond,
        p.series('Dropped', 'Alerts that an Alertmanager never got, a second.', [p.range(rate(exporter('notifications_dropped_total', to), 'alertmanager'), '{{alertmanager}}')]) + p.perSecond,
        p.series('Queue', 'Alerts that wait.', [p.range('max by (alertmanager) (%s)' % exporter('notifications_queue_length', to), '{{alertmanager}}')]),
        p.series('Queue used', 'Of the room for alerts that wait; beyond it the oldest are dropped.', [
          p.range('max by (alertmanager) (%s)\n  / scalar(max(%s))' % [exporter('notifications_queue_length', to), exporter('notifications_queue_capacity')], '{{alertmanager}}'),
        ]) + p.unit('percentunit') + p.bounds(0, 1),
        p.series('Time of requests', '95 of 100 are faster.', [
          p.range(q.quantile('0.95', 'kube_event_exporter_notifications_latency_seconds', [cfg.exporterSelector, cluster] + to, ['alertmanager'], '$__rate_interval'), '{{alertmanager}}'),
        ]) + seconds,
      ]),
      b.row('In Alertmanager', [
        p.series('Alerts in Alertmanager', 'Of all sources, by state.', [p.range('sum by (state) (%s)' % alertmanager('alerts'), '{{state}}')]) + p.stacked
        + p.links([links.link('Alertmanager', '${alertmanager_ui}/#/alerts')]),
        p.series('Webhooks sent', 'Notifications a second by all webhooks, and those that failed.', [
          p.range('sum(rate(%s[$__rate_interval]))' % alertmanager('notifications_total', [webhook]), 'sent'),
          p.range('sum(rate(%s[$__rate_interval]))' % alertmanager('notifications_failed_total', [webhook]), 'failed'),
        ]) + p.perSecond,
        p.series('Held back', 'Notifications a second that a silence, an inhibition or a time interval held back.', [
          p.range(rate(alertmanager('notifications_suppressed_total'), 'reason'), '{{reason}}'),
        ]) + p.perSecond + p.links([links.link('Silences', '${alertmanager_ui}/#/silences')]),
      ]),
      b.row('To phones', [
        p.series('Webhooks', 'By receiver and answer, a second; and those turned away because too many were being worked on.', [
          p.range(rate(receiver('webhooks_total', chosen), 'receiver, code'), '{{receiver}} {{code}}'),
          p.range('sum(rate(%s[$__rate_interval]))' % receiver('webhooks_busy_total'), 'busy'),
        ]) + p.perSecond,
        p.series('Pushes', 'By receiver and outcome, a second.', [p.range(rate(receiver('pushes_total', chosen), 'receiver, outcome'), '{{receiver}} {{outcome}}')]) + p.perSecond,
        p.series('Time of pushes', 'Requests to the bark-server.', quantiles('alertmanager_bark_push_duration_seconds', cfg.receiverSelector, [cfg.clusterLabel], ' {{%s}}' % cfg.clusterLabel)) + seconds,
        p.table(
          'Receivers',
          'In the range: pushes by outcome, those that were cut to what Apple takes, and webhooks that a fallback was told of.',
          [
            p.rows(inRange(receiver('pushes_total', ['outcome="%s"' % outcome] + chosen), 'receiver'))
            for outcome in ['delivered', 'duplicate', 'refused', 'retry']
          ] + [
            p.rows(inRange(receiver('push_truncated_total', chosen), 'receiver')),
            p.rows(inRange(receiver('fallbacks_total', chosen), 'receiver')),
          ],
          [['receiver', 'Receiver', {}]] + [
            [p.value(i), ['Delivered', 'Duplicate', 'Refused', 'Retry', 'Cut', 'Fallback'][i], { decimals: 0 }]
            for i in std.range(0, 5)
          ],
          'Delivered',
        ) + p.size(16, 8),
        p.number('Silences from phones', 'Made in the range.', [p.instant('sum(increase(%s[$__range]))' % receiver('silences_created_total'), 'silences')]) + p.decimals(0) + p.size(4, 8),
        p.number('Templates that failed', 'In the range, of alerts and of pushes. A default took their place.', [
          p.instant('sum(increase(%s[$__range]))' % exporter('template_failures_total'), 'alerts'),
          p.instant('sum(increase(%s[$__range]))' % receiver('template_failures_total'), 'pushes'),
        ]) + p.decimals(0) + p.size(4, 8),
      ]),
    ],
  )
