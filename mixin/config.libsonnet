// What may be set. A configuration of one's own is a file that names only what
// differs, merged into this one: {_config+:: {alerts+: {KubeEventLagging+: {over: 300}}}}.
{
  _config+:: {
    // Label matchers that every query gets, as 'job="kube-event-exporter"'. The
    // metrics' names are kubebark's own, so that none are needed as long as one
    // Prometheus does not see installations that are to be kept apart.
    exporterSelector: '',
    receiverSelector: '',
    alertmanagerSelector: '',

    // The label that tells clusters apart where one Prometheus sees several. A
    // label that no series has does no harm.
    clusterLabel: 'cluster',

    // Whether there is one at all: what never was there is absent too. Where it
    // is false, absence is what was there within the lookback and is no more.
    expect: { exporter: true, receiver: true },

    // Whether two exporters count the same events. The larger count of the two is
    // then shown, not the sum. The labels are those that only they differ in.
    replicated: false,
    replicaLabels: ['instance', 'pod'],

    // Where the runbooks are; %s is the alert's name.
    runbookURL: 'https://github.com/kubebark/kubebark/blob/main/docs/runbooks/%s.md',

    // The knobs of each alert. Windows and "for" are durations, "over" is the
    // limit in the unit of what is measured. An alert set to null is left out.
    alerts: {
      KubeEventExporterAbsent: { 'for': '10m', severity: 'critical', lookback: '1d' },
      KubeEventWatchStalled: { 'for': '5m', severity: 'critical', over: 900 },  // seconds; a quiet watch reconnects every 10 minutes
      KubeEventWatchNeverConnected: { 'for': '10m', severity: 'critical' },
      KubeEventLagging: { 'for': '15m', severity: 'warning', over: 60, window: '10m' },  // seconds, the median
      KubeEventNotificationsFailing: { 'for': '10m', severity: 'warning', over: 0.1, window: '5m' },  // share
      KubeEventNotificationsStopped: { 'for': '10m', severity: 'critical', window: '5m' },
      KubeEventNotificationsDropped: { 'for': '5m', severity: 'warning', window: '15m' },
      KubeEventSeriesNearLimit: { 'for': '30m', severity: 'info', over: 0.9 },  // share
      KubeEventSeriesLimitReached: { 'for': '15m', severity: 'warning', window: '1h' },
      KubeEventStateNotWritten: { 'for': '5m', severity: 'warning', window: '15m' },
      KubeEventLogDropped: { 'for': '5m', severity: 'warning', window: '15m' },
      AlertmanagerBarkAbsent: { 'for': '10m', severity: 'critical', lookback: '1d' },
      AlertmanagerBarkFailing: { 'for': '10m', severity: 'critical', over: 0.1, window: '5m' },  // share
      AlertmanagerBarkUnreachable: { 'for': '5m', severity: 'critical' },
      AlertmanagerBarkRefused: { 'for': '15m', severity: 'warning', window: '1h' },
      AlertmanagerBarkStateNotWritten: { 'for': '5m', severity: 'warning', window: '15m' },
      KubebarkConfigurationRefused: { 'for': '5m', severity: 'warning' },
    },

    rules: {
      window: '5m',
    },

    dashboards: {
      tags: ['kubebark'],
      refresh: '1m',
      top: 10,  // how many series a "loudest" panel draws

      // Where links lead, as a browser sees it. The dashboards have them as
      // hidden variables, which can be set there as well.
      exporterURL: 'http://localhost:10056',
      alertmanagerURL: 'http://localhost:9093',
      // A path of Grafana or a URL. The default opens Explore on the Loki that
      // the hidden variable "logs" names.
      logsURL: (import 'lib/links.libsonnet').loki('{namespace="${__data.fields.namespace}"}'),

      // A spike of Warnings: in 5 minutes so many, and so many times as many as
      // in the mean of an hour.
      spike: { atLeast: 10, times: 3 },
    },
  },
}
