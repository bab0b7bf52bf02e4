// Alerts about kubebark itself: that it sees, counts and tells.
local q = import 'lib/query.libsonnet';
{
  local cfg = $._config,
  local exporter(metric, more=[]) = q.select('kube_event_exporter_' + metric, [cfg.exporterSelector] + more),
  local receiver(metric, more=[]) = q.select('alertmanager_bark_' + metric, [cfg.receiverSelector] + more),

  // alert makes a rule of an expression, in which %(over)s and the like are the
  // alert's knobs; nothing where they are null.
  local alert(name, expr, summary, description) =
    local knobs = cfg.alerts[name];
    if knobs == null then [] else [{
      alert: name,
      expr: std.rstripChars(expr % knobs, '\n'),
      'for': knobs['for'],
      labels: { severity: knobs.severity },
      annotations: {
        summary: summary,
        description: description % ({ window: '' } + knobs),
        runbook_url: cfg.runbookURL % name,
      },
    }],

  // gone is what was there within the lookback, or should be there, and is not.
  local gone(metric, expected) =
    |||
      group by (%(cluster)s) (present_over_time(%(metric)s[%%(lookback)s])) unless group by (%(cluster)s) (%(metric)s)
    ||| % { cluster: cfg.clusterLabel, metric: metric } + (if expected then '  or on () absent(%s)\n' % metric else ''),

  // share is how much of all the first metric makes up.
  local share(part, all) = |||
    rate(%(part)s[%%(window)s])
      / (%(all)s) > %%(over)g
  ||| % { part: part, all: std.join(' + ', ['rate(%s[%%(window)s])' % m for m in all]) },

  local watching =
    alert(
      'KubeEventExporterAbsent',
      gone(exporter('build_info'), cfg.expect.exporter),
      'No kube-event-exporter is scraped.',
      'Prometheus has no kube-event-exporter to scrape, so that Kubernetes events are neither counted nor alerted.',
    ) +
    alert(
      'KubeEventWatchStalled',
      'time() - %(m)s > %%(over)g and %(m)s > 0' % { m: exporter('watch_last_progress_timestamp_seconds') },
      'The watch of Kubernetes events stands still.',
      'No event and no new connection for {{ $value | humanizeDuration }}, though a quiet watch reconnects every 10 minutes. Events are neither counted nor alerted. {{ $labels.instance }}/-/ready says why.',
    ) +
    alert(
      'KubeEventWatchNeverConnected',
      '%s == 0 and on (job, instance) %s' % [exporter('watch_last_progress_timestamp_seconds'), exporter('watch_restarts_total', ['cause="error"'])],
      'kube-event-exporter cannot list Kubernetes events.',
      'It has not reached the API server since its start, or may not list and watch events. Events are neither counted nor alerted. {{ $labels.instance }}/-/ready says why.',
    ) +
    alert(
      'KubeEventLagging',
      '%s  > %%(over)g' % q.quantile('0.5', 'kube_event_exporter_event_lag_seconds', [cfg.exporterSelector], [cfg.clusterLabel, 'job', 'instance'], '%(window)s'),
      'Kubernetes events are counted late.',
      'Half of the events of the last %(window)s were counted more than {{ $value | humanizeDuration }} after their own time: the watch is behind, or clocks differ. Alerts are as late.',
    ) +
    alert(
      'KubeEventSeriesNearLimit',
      '%s / %s > %%(over)g' % [exporter('series'), exporter('series_limit')],
      'The room for series of events is nearly used up.',
      '{{ $value | humanizePercentage }} of metrics.series_limit is used. Beyond it new label sets are counted under reason="_other".',
    ) +
    alert(
      'KubeEventSeriesLimitReached',
      'increase(%s[%%(window)s]) > 0' % exporter('series_dropped_total'),
      'Events are counted under reason="_other".',
      'Label sets found no room within metrics.series_limit or series_limit_per_namespace. Sums stay exact, but these reasons cannot be told apart.',
    ) +
    alert(
      'KubeEventStateNotWritten',
      'increase(%s[%%(window)s]) > 0' % exporter('state_write_failures_total'),
      'The state file of kube-event-exporter cannot be written.',
      'Counters go on, but a restart would start them at 0 and miss what happens meanwhile. The log of {{ $labels.instance }} says why.',
    ) +
    alert(
      'KubeEventLogDropped',
      'increase(%s[%%(window)s]) > 0 or increase(%s[%%(window)s]) > 0' % [exporter('event_log_dropped_total'), exporter('event_log_otlp_dropped_total')],
      'Records are missing in the event log.',
      '{{ $labels.instance }} gave {{ $value | humanize }} records of the last %(window)s up: its queue was full, or who gets them refused them. Counters and alerts are not affected.',
    ),

  local sending =
    alert(
      'KubeEventNotificationsFailing',
      share(exporter('notifications_errors_total'), [exporter('notifications_errors_total'), exporter('notifications_sent_total')]),
      'Alerts of Kubernetes events do not reach an Alertmanager.',
      '{{ $value | humanizePercentage }} of the alerts sent to {{ $labels.alertmanager }} fail.',
    ) +
    alert(
      'KubeEventNotificationsStopped',
      |||
        sum by (%(by)s) (rate(%(errors)s[%%(window)s])) > 0
          unless sum by (%(by)s) (rate(%(sent)s[%%(window)s])) > 0
      ||| % {
        by: std.join(', ', [cfg.clusterLabel, 'job', 'instance']),
        errors: exporter('notifications_errors_total'),
        sent: exporter('notifications_sent_total'),
      },
      'Alerts of Kubernetes events reach no Alertmanager at all.',
      '{{ $labels.instance }} sends alerts and no Alertmanager has taken any for %(window)s. Nobody is told of events.',
    ) +
    alert(
      'KubeEventNotificationsDropped',
      'increase(%s[%%(window)s]) > 0' % exporter('notifications_dropped_total'),
      'Alerts of Kubernetes events are dropped.',
      '{{ $labels.alertmanager }} never got {{ $value | humanize }} alerts of the last %(window)s: it refused them, or its queue was full.',
    ),

  local pushing =
    alert(
      'AlertmanagerBarkAbsent',
      gone(receiver('build_info'), cfg.expect.receiver),
      'No alertmanager-bark is scraped.',
      'Prometheus has no alertmanager-bark to scrape: phones may hear of nothing, of this neither.',
    ) +
    alert(
      'AlertmanagerBarkFailing',
      |||
        sum by (%(by)s) (rate(%(bad)s[%%(window)s]))
          / sum by (%(by)s) (rate(%(all)s[%%(window)s])) > %%(over)g
      ||| % {
        by: std.join(', ', [cfg.clusterLabel, 'job', 'instance', 'receiver']),
        bad: receiver('webhooks_total', ['code!~"2.."']),
        all: receiver('webhooks_total'),
      },
      'Webhooks of Alertmanager are answered with errors.',
      '{{ $value | humanizePercentage }} of the webhooks for receiver {{ $labels.receiver }} fail. Alertmanager tries again, but its pushes are late or lost.',
    ) +
    alert(
      'AlertmanagerBarkUnreachable',
      '%s == 0' % receiver('bark_up'),
      'Pushes do not reach the bark-server.',
      'The bark-server {{ $labels.server }} does not answer: phones stay silent.',
    ) +
    alert(
      'AlertmanagerBarkRefused',
      'increase(%s[%%(window)s]) > 0' % receiver('pushes_total', ['outcome="refused"']),
      'Bark refuses pushes for good.',
      'A device of receiver {{ $labels.receiver }} is unknown to the bark-server: its key is wrong, or the app has to be opened once.',
    ) +
    alert(
      'AlertmanagerBarkStateNotWritten',
      'increase(%s[%%(window)s]) > 0' % receiver('state_write_failures_total'),
      'The state file of alertmanager-bark cannot be written.',
      'Pushes go on, but after a restart phones may ring again for what they were told. The log of {{ $labels.instance }} says why.',
    ),

  local both =
    alert(
      'KubebarkConfigurationRefused',
      '%s == 0 or %s == 0' % [exporter('config_last_reload_successful'), receiver('config_last_reload_successful')],
      'A changed configuration was refused.',
      'The one in force before stays. The log of {{ $labels.instance }} names file, line and key.',
    ),

  prometheusAlerts+:: { groups+: [{ name: 'kubebark', rules: watching + sending + pushing + both }] },
}
