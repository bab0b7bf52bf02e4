// The three dashboards, by their files' names.
{
  grafanaDashboards+:: {
    'events.json': (import 'events.libsonnet')($._config),
    'alerts-and-pushes.json': (import 'alerts-and-pushes.libsonnet')($._config),
    'kubebark.json': (import 'kubebark.libsonnet')($._config),
  },
}
