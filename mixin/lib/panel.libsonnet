// Panels as Grafana 11 and later read them.
local links = import 'links.libsonnet';
local datasource = { type: 'prometheus', uid: '${datasource}' };

// refIds are the queries' names within a panel.
local refIds = ['A', 'B', 'C', 'D', 'E', 'F'];

{
  datasource:: datasource,

  // range and instant are queries. Each legend names a series by its labels.
  range(expr, legend):: { expr: std.rstripChars(expr, '\n'), legendFormat: legend, range: true, instant: false, format: 'time_series' },
  instant(expr, legend):: self.range(expr, legend) { range: false, instant: true },
  rows(expr):: self.instant(expr, '__auto') { format: 'table' },

  local panel(type, title, description, targets) = {
    type: type,
    title: title,
    description: description,
    pluginVersion: '11.0.0',
    datasource: datasource,
    targets: std.mapWithIndex(function(i, t) { refId: refIds[i], datasource: datasource, editorMode: 'code' } + t, targets),
    fieldConfig: { defaults: {}, overrides: [] },
    options: {},
    width:: 8,
    height:: 8,
  },

  // What can be added to a panel.
  size(width, height):: { width:: width, height:: height },
  unit(unit):: { fieldConfig+: { defaults+: { unit: unit } } },
  perSecond:: self.unit('suffix:/s'),
  decimals(n):: { fieldConfig+: { defaults+: { decimals: n } } },
  bounds(min, max):: { fieldConfig+: { defaults+: { min: min, max: max } } },
  stacked:: { fieldConfig+: { defaults+: { custom+: { stacking: { mode: 'normal', group: 'A' }, fillOpacity: 30 } } } },
  steps(unit, steps):: $.unit(unit) + {
    fieldConfig+: { defaults+: {
      color: { mode: 'thresholds' },
      thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }] + [{ value: s[0], color: s[1] } for s in steps] },
    } },
  },
  mapped(texts):: { fieldConfig+: { defaults+: { mappings: [{
    type: 'value',
    options: { [value]: { text: texts[value][0], color: texts[value][1], index: 0 } for value in std.objectFields(texts) },
  }] } } },
  links(all):: { links: [{ type: 'link', icon: 'external link', tooltip: '', tags: [], asDropdown: false, includeVars: false, keepTime: false } + l for l in all] },

  // series is a panel of lines over time.
  series(title, description, targets):: panel('timeseries', title, description, targets) {
    fieldConfig+: { defaults+: {
      unit: 'short',
      min: 0,
      color: { mode: 'palette-classic' },
      custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 0, showPoints: 'never', spanNulls: false },
    } },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },

  // number is a panel of single values.
  number(title, description, targets):: panel('stat', title, description, targets) {
    fieldConfig+: { defaults+: { unit: 'short', color: { mode: 'fixed', fixedColor: 'blue' }, noValue: '–' } },
    options: {
      graphMode: 'none',
      colorMode: 'value',
      justifyMode: 'auto',
      textMode: 'auto',
      wideLayout: true,
      showPercentChange: false,
      percentChangeColorMode: 'standard',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], values: false },
    },
    width:: 4,
    height:: 4,
  },

  // table is a panel of instant queries. columns are the fields that are shown,
  // in their order: [name, title, what a column sets]; sort is the title of the
  // one that leads.
  table(title, description, targets, columns, sort):: panel('table', title, description, targets) {
    transformations: (if std.length(targets) > 1 then [{ id: 'merge', options: {} }] else []) + [
      { id: 'filterFieldsByName', options: { include: { names: [c[0] for c in columns] } } },
      { id: 'organize', options: {
        excludeByName: {},
        indexByName: std.foldl(function(o, i) o { [columns[i][0]]: i }, std.range(0, std.length(columns) - 1), {}),
        renameByName: { [c[0]]: c[1] for c in columns },
      } },
    ],
    fieldConfig: {
      defaults: { custom: { align: 'auto', inspect: false, minWidth: 50, cellOptions: { type: 'auto' } } },
      overrides: [
        { matcher: { id: 'byName', options: c[1] }, properties: [{ id: id, value: c[2][id] } for id in std.objectFields(c[2])] }
        for c in columns
        if c[2] != {}
      ],
    },
    options: { frameIndex: 0, showHeader: true, cellHeight: 'sm', sortBy: [{ displayName: sort, desc: true }] },
    width:: 12,
    height:: 9,
  },

  // value is the field's name of a table's query: "Value #A".
  value(i):: 'Value #' + refIds[i],
  // gauge draws a share as a bar in its cell.
  gauge:: { unit: 'percentunit', min: 0, max: 1, decimals: 1, 'custom.cellOptions': { type: 'gauge', mode: 'basic' } },
  linked(all):: { links: all },
}
