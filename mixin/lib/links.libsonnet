// Links out of panels. Grafana puts a row's fields, variables and the time
// range in.
{
  // loki opens Explore on a Loki, with a query that may have ${…} in it.
  loki(expr)::
    local pane = {
      datasource: '${logs}',
      queries: [{ refId: 'A', expr: expr }],
      range: { from: '${__from}', to: '${__to}' },
    };
    '/explore?schemaVersion=1&panes=' + $.encode(std.manifestJsonMinified({ a: pane })),

  // encode is for a query's value, and leaves ${…} for Grafana to replace.
  encode(s):: std.foldl(
    function(s, pair) std.strReplace(s, pair[0], pair[1]),
    [['%', '%25'], [' ', '%20'], ['"', '%22'], ['#', '%23'], ['&', '%26'], ['+', '%2B'], ['=', '%3D'], ['\\', '%5C'], ['|', '%7C']],
    s
  ),

  // link is one of a panel or a field.
  link(title, url):: { title: title, url: url, targetBlank: true },
}
