/** A bisection as text for terminals and as a Markdown report. */
import { formatTable } from '../base/table';
import { formatDuration, ns } from '../base/units';
import { semanticTable } from '../dump/semantic/semanticText';
import type { Bisection, Culprit, Level, WhatIf } from './bisection';
import { nodeTable } from './nodeTable';
import type { Test } from './search';
import type { SemanticChange } from './semanticChange';
import { verdicts } from './search';
import type { Element, TensorStatistics } from './tolerance';
import { histogramBins } from './tolerance';
import { perfSections } from './perf/perfReport';
import { culpritText, errorText, nodesText } from './verdict';

const longestDiff = 80;

const mark = { good: '✓', bad: '✗', skip: '–' } as const;
const number = (x: number): string =>
  Number.isFinite(x)
    ? x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5)
      ? String(Number(x.toPrecision(5)))
      : x.toExponential(2)
    : String(x);

function testText(t: Test): string {
  const by = t.by === 'hand' ? ', by hand' : t.by === 'known' ? ', known' : '';
  const metric = t.metric === undefined ? '' : ` ${t.metric === Infinity ? '∞' : number(t.metric)}`;
  const range =
    t.range === undefined || !t.range.every(Number.isFinite)
      ? ''
      : ` (${t.range.map((x) => number(Number(x.toPrecision(4)))).join(' to ')})`;
  return `${mark[t.verdict]} ${t.verdict}${metric}${range}${by}${t.note === undefined ? '' : ` (${t.note})`}`;
}

/** The tested points of a level, in the order of the row. */
export function levelTable(level: Level, metricName: string): string {
  const rows = [...verdicts(level.search).values()].sort((a, b) => a.point - b.point);
  return formatTable(rows, [
    { title: '#', cell: (t) => String(t.point), align: 'right' },
    { title: level.title, cell: (t) => level.points[t.point]?.label ?? '', maxWidth: 64 },
    { title: metricName, cell: testText, maxWidth: 80 },
  ]);
}

const elementText = (e: Element | undefined): string =>
  e === undefined ? '' : ` at [${e.index.join(', ')}]: ${number(e.found)}, expected ${number(e.expected)}`;

export function statisticsLines(s: TensorStatistics): readonly string[] {
  const bins = s.histogram
    .map((n, i) => (n === 0 ? '' : `${histogramBins[i]}: ${n}`))
    .filter((b) => b !== '')
    .join('  ');
  return [
    `${s.name === '' ? 'value' : s.name} [${s.shape.join(', ')}], ${s.beyond} of ${s.elements} elements beyond tolerance`,
    `  largest absolute error ${number(s.maxAbsolute)}${elementText(s.maxAbsoluteAt)}`,
    `  largest relative error ${number(s.maxRelative)}${elementText(s.maxRelativeAt)}`,
    ...(s.firstBeyond === undefined ? [] : [`  first beyond tolerance${elementText(s.firstBeyond)}`]),
    `  mean absolute error ${number(s.meanAbsolute)}; NaN ${s.nan.found} (expected ${s.nan.expected}), infinite ${s.infinite.found} (expected ${s.infinite.expected})`,
    `  elements by absolute error: ${bins}`,
  ];
}

export const whatIfText = (w: WhatIf): string =>
  w.metric === undefined
    ? `without ${w.without}: does not compile (${w.problem ?? 'no reason given'})`
    : `without ${w.without}: ${w.metric <= 1 ? 'good' : 'still bad'}, ${errorText(w.metric)}`;

function opList(ops: readonly { readonly name: string; readonly nodes: readonly string[] }[]): string {
  return ops.map((o) => o.name).join(', ');
}

function shortened(text: string): string {
  const lines = text.trimEnd().split('\n');
  const cut = lines.length - longestDiff;
  return cut <= 0 ? lines.join('\n') : `${lines.slice(0, longestDiff).join('\n')}\n… ${cut} more lines`;
}

export interface ReportSection {
  readonly title: string;
  readonly lines: readonly string[];
  readonly code?: string;
}

function culpritSections(c: Culprit): readonly ReportSection[] {
  const { rewrite, divergence, dispatch } = c;
  return [
    ...(rewrite === undefined
      ? []
      : [
          {
            title: 'rewrite',
            lines: [
              `${rewrite.index} of the compilation (${rewrite.inPass} of ${c.pass}): ${rewrite.rule}`,
              ...(rewrite.sources.length === 0
                ? []
                : [`replaced ${opList(rewrite.sources)} by ${opList(rewrite.results) || 'what was there'}`]),
              ...(c.nodes.length === 0 ? [] : [`model nodes ${nodesText(c.nodes, 8)}`]),
            ],
          },
        ]),
    ...(c.perf === undefined ? [] : perfSections(c.perf)),
    ...(divergence === undefined
      ? []
      : [
          {
            title: 'first op that differs',
            lines: [
              `${divergence.op}${divergence.nodes.length === 0 ? '' : ` (${nodesText(divergence.nodes)})`}`,
              divergence.text,
              ...(divergence.note === undefined ? [] : [divergence.note]),
              ...statisticsLines(divergence.statistics),
            ],
          },
        ]),
    ...(c.outputs.length === 0
      ? []
      : [{ title: 'outputs after it', lines: c.outputs.flatMap((s) => statisticsLines(s)) }]),
    ...(c.whatIf.length === 0 ? [] : [{ title: 'what if', lines: c.whatIf.map(whatIfText) }]),
    ...(c.reproducer === undefined
      ? []
      : [
          {
            title: 'reproducer',
            lines: [`${c.reproducer.ops} ops; ${c.reproducer.files.join(', ')}`, c.reproducer.command],
            code: c.reproducer.ir,
          },
        ]),
    ...(c.semantic === undefined ? [] : [{ title: 'change of the ops', lines: semanticLines(c.semantic) }]),
    ...(c.diff === '' ? [] : [{ title: 'change of the IR', lines: [], code: shortened(c.diff) }]),
    ...(dispatch === undefined || dispatch.source === ''
      ? []
      : [{ title: `C of ${dispatch.name}`, lines: [], code: shortened(dispatch.source) }]),
  ];
}

function semanticLines({ summary, rows, more }: SemanticChange): readonly string[] {
  const left = more === 0 ? [] : [`… ${more} more`];
  return rows.length === 0 ? [summary] : [summary, ...semanticTable(rows).split('\n'), ...left];
}

/** What a person asked to be held back. */
export const askedLines = (b: Bisection): readonly string[] => (b.asked ?? []).map(whatIfText);

const indent = (text: string): string =>
  text
    .split('\n')
    .map((l) => `  ${l}`)
    .join('\n');

export function bisectionText(b: Bisection): string {
  const parts = b.levels.map((l) => levelTable(l, b.metric.name));
  for (const c of b.culprits)
    for (const s of culpritSections(c))
      parts.push(
        [s.title, ...s.lines.map(indent), ...(s.code === undefined ? [] : [indent(s.code.trimEnd())])].join(
          '\n',
        ),
      );
  if (b.asked !== undefined) parts.push(['what if', ...askedLines(b).map(indent)].join('\n'));
  if (b.nodes !== undefined) parts.push(nodeTable(b.nodes));
  if (b.notes.length > 0) parts.push(b.notes.map((n) => `note: ${n}`).join('\n'));
  parts.push(`${runsText(b)}\n${b.verdict}`);
  return parts.join('\n\n');
}

export const runsText = (b: Bisection): string =>
  `${b.runs.search} runs (a binary search needs at most ${b.runs.bound})${b.runs.other === 0 ? '' : ` and ${b.runs.other} to look closer`}, ${formatDuration(ns(b.durationMs * 1e6))}`;

const titles = {
  numerics: 'Numerics bisection',
  perf: 'Performance bisection',
  command: 'Bisection',
} as const;
const languageOf = (title: string): string =>
  title.startsWith('C of')
    ? 'c'
    : title.startsWith('change')
      ? 'diff'
      : title === 'reproducer'
        ? 'mlir'
        : 'text';

/** A report to paste into an issue, with the reproducer. */
export function bisectionMarkdown(b: Bisection): string {
  const fence = (text: string, language: string): string => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
  const lines = [`# ${titles[b.kind]} of \`${b.subject}\``, '', b.verdict, ''];
  for (const c of b.culprits) {
    lines.push(`## ${b.kind === 'numerics' ? culpritText(c) : c.pass}`, '');
    for (const s of culpritSections(c)) {
      lines.push(`### ${s.title}`, '');
      if (s.lines.length > 0) lines.push(fence(s.lines.join('\n'), 'text'), '');
      if (s.code !== undefined) lines.push(fence(s.code, languageOf(s.title)), '');
    }
  }
  if (b.asked !== undefined) lines.push('## What if', '', ...askedLines(b).map((l) => `- ${l}`), '');
  if (b.nodes !== undefined) lines.push('## Node by node', '', fence(nodeTable(b.nodes), 'text'), '');
  if (b.notes.length > 0) lines.push('## Notes', '', ...b.notes.map((n) => `- ${n}`), '');
  lines.push('## What was tested', '');
  for (const l of b.levels) lines.push(fence(levelTable(l, b.metric.name), 'text'), '');
  lines.push(runsText(b), '');
  return lines.join('\n');
}
