// Dashboards: variables, links and the places of panels.
local panel = import 'panel.libsonnet';

// A dashboard is 24 columns wide.
local columns = 24;

// flow places panels from left to right, and below where there is no room, from
// a row on.
local flow(panels, y) = std.foldl(
  function(at, p)
    local fits = at.x + p.width <= columns;
    local x = if fits then at.x else 0;
    local y = if fits then at.y else at.y + at.height;
    {
      x: x + p.width,
      y: y,
      height: if fits then std.max(at.height, p.height) else p.height,
      placed: at.placed + [p { gridPos: { x: x, y: y, w: p.width, h: p.height } }],
    },
  panels,
  { x: 0, y: y, height: 0, placed: [] }
);

{
  // row is a heading with panels below it.
  row(title, panels):: { title: title, panels: panels },

  // Variables. A query's is of what a metric's label has.
  datasource:: {
    name: 'datasource',
    label: 'Data source',
    type: 'datasource',
    query: 'prometheus',
    current: { text: '', value: '' },
    refresh: 1,
    regex: '',
    includeAll: false,
    multi: false,
    hide: 0,
  },
  logs:: self.datasource { name: 'logs', label: 'Logs', query: 'loki', hide: 2 },
  labels(name, label, metric, of):: {
    name: name,
    label: label,
    type: 'query',
    datasource: panel.datasource,
    query: { query: 'label_values(%s, %s)' % [metric, of], refId: 'values' },
    current: { text: 'All', value: '$__all' },
    includeAll: true,
    allValue: '.*',  // also where there is no such label
    multi: true,
    refresh: 2,
    sort: 1,
    regex: '',
    hide: 0,
  },
  // replicas is how the counts of exporters go together.
  replicas(cfg)::
    local ways = [{ text: 'one', value: 'sum' }, { text: 'two that count the same', value: 'max' }];
    local options = [w { selected: (w.value == 'max') == cfg.replicated } for w in ways];
    {
      name: 'replicas',
      label: 'Exporters',
      type: 'custom',
      query: std.join(', ', ['%s : %s' % [w.text, w.value] for w in ways]),
      current: [{ text: o.text, value: o.value } for o in options if o.selected][0],
      options: options,
      includeAll: false,
      multi: false,
      hide: 2,
    },
  text(name, label, value):: {
    name: name,
    label: label,
    type: 'textbox',
    query: value,
    current: { text: value, value: value },
    options: [{ text: value, value: value, selected: true }],
    hide: 2,
  },

  local link = { icon: 'external link', type: 'link', tooltip: '', tags: [], asDropdown: false, targetBlank: true, includeVars: false, keepTime: false },

  // board is a dashboard of rows.
  board(cfg, uid, title, description, variables, annotations, rows):: {
    uid: uid,
    title: title,
    description: description,
    tags: cfg.dashboards.tags,
    schemaVersion: 39,  // Grafana 11.0's; later ones read it and bring it up to their own
    editable: true,
    timezone: 'browser',
    graphTooltip: 1,
    refresh: cfg.dashboards.refresh,
    time: { from: 'now-6h', to: 'now' },
    timepicker: {},
    annotations: { list: annotations },
    templating: { list: [$.datasource] + variables + [
      $.text('exporter', 'kube-event-exporter', cfg.dashboards.exporterURL),
      $.text('alertmanager_ui', 'Alertmanager', cfg.dashboards.alertmanagerURL),
      $.logs,
    ] },
    links: [
      link { title: 'kubebark', type: 'dashboards', icon: 'dashboard', tags: cfg.dashboards.tags, asDropdown: true, targetBlank: false, includeVars: true, keepTime: true },
      link { title: 'Alerts from events', url: '${exporter}/alerts' },
      link { title: 'Noise', url: '${exporter}/noise' },
      link { title: 'Alertmanager', url: '${alertmanager_ui}/#/alerts?filter=%7Bsource%3D%22kubernetes-event%22%7D' },
    ],
    local placed = std.foldl(
      function(at, r)
        local f = flow(r.panels, at.y + 1);
        {
          y: f.y + f.height,
          panels: at.panels
                  + [{ type: 'row', title: r.title, collapsed: false, panels: [], gridPos: { x: 0, y: at.y, w: columns, h: 1 } }]
                  + f.placed,
        },
      rows,
      { y: 0, panels: [] }
    ),
    panels: std.mapWithIndex(function(i, p) p { id: i + 1 }, placed.panels),
  },
}
