// Draws a dashboard of answers that Prometheus has given, with the components
// that Grafana draws its panels with.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { dateTime, ThemeContext, type TimeRange } from '@grafana/data';
import { BigValueColorMode, BigValueGraphMode } from '@grafana/schema';
import { BigValue, GlobalStyles, PanelChrome, Table, TimeSeries } from '@grafana/ui';
import { type Answer, lines, numbers, type Panel, table, theme } from './frames';

type Picture = { board: { title: string; panels: Panel[] }; from: number; to: number; answers: Record<string, Answer[]> };

const cell = 30; // pixels of a row, and the gap between two, as in Grafana
const gap = 8;

function place(p: Panel, width: number): React.CSSProperties {
  const column = (width + gap) / 24;
  const { x, y, w, h } = p.gridPos;
  return { left: x * column, top: y * (cell + gap), width: w * column - gap, height: h * (cell + gap) - gap };
}

function Inside({ panel, answers, range, width, height }: { panel: Panel; answers: Answer[]; range: TimeRange; width: number; height: number }) {
  if (panel.type === 'timeseries') {
    return <TimeSeries frames={lines(panel, answers)} timeRange={range} timeZone="utc" width={width} height={height} legend={panel.options.legend} options={{}} />;
  }
  if (panel.type === 'table') {
    return <Table data={table(panel, answers)} width={width} height={height} ariaLabel={panel.title} />;
  }
  const all = numbers(panel, answers);
  if (all.length === 0) {
    all.push({ text: '–', numeric: NaN, title: '' });
  }
  return (
    <div style={{ display: 'flex' }}>
      {all.map((v, i) => (
        <BigValue key={i} value={all.length > 1 ? v : { ...v, title: undefined }} width={width / all.length} height={height}
          theme={theme} colorMode={BigValueColorMode.Value} graphMode={BigValueGraphMode.None} />
      ))}
    </div>
  );
}

function Board({ picture, width }: { picture: Picture; width: number }) {
  const from = dateTime(picture.from), to = dateTime(picture.to);
  const range: TimeRange = { from, to, raw: { from, to } };
  return picture.board.panels.map((p) => {
    const at = place(p, width);
    if (p.type === 'row') {
      return <div key={p.id} style={{ ...at, position: 'absolute', fontWeight: 500, lineHeight: '30px' }}>⌄ {p.title}</div>;
    }
    return (
      <div key={p.id} style={{ ...at, position: 'absolute' }}>
        <PanelChrome title={p.title} description={p.description} width={at.width as number} height={at.height as number}>
          {(w, h) => <Inside panel={p} answers={picture.answers[p.title] ?? []} range={range} width={w} height={h} />}
        </PanelChrome>
      </div>
    );
  });
}

const name = new URLSearchParams(location.search).get('board');
const picture: Picture = await (await fetch(`/data/${name}`)).json();
const element = document.getElementById('board')!;
document.body.style.background = theme.colors.background.canvas;
element.style.height = Math.max(...picture.board.panels.map((p) => (p.gridPos.y + p.gridPos.h) * (cell + gap))) + 'px';
createRoot(element).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <Board picture={picture} width={element.clientWidth} />
  </ThemeContext.Provider>,
);
requestAnimationFrame(() => setTimeout(() => { document.body.dataset.drawn ??= 'yes'; }, 1500));
