// From Prometheus's answers to the frames that Grafana's components draw.
import {
  createTheme, type DataFrame, type Field, type FieldConfig, FieldType, getDisplayProcessor,
} from '@grafana/data';

export type Labels = Record<string, string>;
export type Series = { metric: Labels; values?: [number, string][]; value?: [number, string] };
export type Answer = { refId: string; legend: string; result: Series[] };
export type Panel = {
  id: number; title: string; description?: string; type: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: FieldConfig; overrides: { matcher: { options: string }; properties: { id: string; value: unknown }[] }[] };
  options?: any;
  transformations?: { id: string; options: any }[];
};

export const theme = createTheme({ colors: { mode: 'light' } });

// A field of one name, shown as the panel says.
function field(name: string, type: FieldType, values: unknown[], config: FieldConfig): Field {
  const f: Field = { name, type, values, config };
  f.display = getDisplayProcessor({ field: f, theme, timeZone: 'utc' });
  return f;
}

// What a legend says of a series: a label that it lacks shows its own name.
export function named(legend: string, labels: Labels): string {
  return legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? label);
}

// Lines: a frame for each series.
export function lines(panel: Panel, answers: Answer[]): DataFrame[] {
  const config = panel.fieldConfig?.defaults ?? {};
  const frames: DataFrame[] = [];
  for (const a of answers) {
    for (const s of a.result) {
      const points = s.values ?? [];
      const name = named(a.legend, s.metric);
      frames.push({
        refId: a.refId,
        length: points.length,
        fields: [
          field('Time', FieldType.time, points.map((p) => p[0] * 1000), {}),
          field('Value', FieldType.number, points.map((p) => (p[1] === 'NaN' ? null : Number(p[1]))), {
            ...config, custom: { ...config.custom }, displayName: name, displayNameFromDS: name,
          }),
        ],
      });
    }
  }
  frames.forEach((f, i) => { f.fields[1].state = { seriesIndex: i, displayName: f.fields[1].config.displayName }; });
  return frames;
}

// Numbers: the latest of each series, with its name.
export function numbers(panel: Panel, answers: Answer[]) {
  const config = panel.fieldConfig?.defaults ?? {};
  return answers.flatMap((a) => a.result.map((s) => {
    const f = field('Value', FieldType.number, [Number(s.value?.[1])], config);
    return { ...f.display!(Number(s.value?.[1])), title: named(a.legend, s.metric) };
  }));
}

// A table's columns, in the order and with the names that the panel gives them.
export function table(panel: Panel, answers: Answer[]): DataFrame {
  const rows = new Map<string, Record<string, unknown>>();
  for (const a of answers) {
    const value = answers.length > 1 ? `Value #${a.refId}` : 'Value';
    for (const s of a.result) {
      const key = JSON.stringify(Object.entries(s.metric).sort());
      rows.set(key, { ...rows.get(key), ...s.metric, [value]: Number(s.value?.[1]) });
    }
  }
  const organize = panel.transformations?.find((t) => t.id === 'organize')?.options;
  const names = Object.keys(organize.indexByName).sort((a, b) => organize.indexByName[a] - organize.indexByName[b]);
  const by = names.find((n) => organize.renameByName[n] === panel.options.sortBy[0].displayName)!;
  const sorted = [...rows.values()].sort((a, b) => (Number(b[by]) - Number(a[by])) || String(a[by]).localeCompare(String(b[by])));
  const fields = names.map((n) => {
    const title = organize.renameByName[n];
    const config: any = { ...panel.fieldConfig?.defaults, custom: { ...panel.fieldConfig?.defaults.custom } };
    for (const o of panel.fieldConfig?.overrides ?? []) {
      if (o.matcher.options !== title) { continue; }
      for (const p of o.properties) {
        if (p.id.startsWith('custom.')) { config.custom[p.id.slice('custom.'.length)] = p.value; } else if (p.id !== 'links') { config[p.id] = p.value; }
      }
    }
    const numeric = sorted.some((r) => typeof r[n] === 'number');
    return field(title, numeric ? FieldType.number : FieldType.string, sorted.map((r) => r[n] ?? (numeric ? null : '')), config);
  });
  return { fields, length: sorted.length };
}
