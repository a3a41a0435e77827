/** What is known of one culprit: rewrite, first op, tensors, what-if, diff, reproducer, C. */
import type {
  Culprit,
  Element,
  Held,
  SemanticChange,
  TensorStatistics,
  WhatIf,
} from '../../src/protocol/bisectView';
import { button } from '../controls/controls';
import { breakable, element } from '../shared/dom';
import { metricText } from './levelStrip';
import { perfSections } from './perfPanel';

const number = (x: number): string =>
  Number.isFinite(x)
    ? x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5)
      ? String(Number(x.toPrecision(4)))
      : x.toExponential(2)
    : String(x);

export interface CulpritActions {
  readonly openReproducer: () => void;
  /** Undefined while something is running. */
  readonly measureWithout: ((held: Held) => void) | undefined;
}

export function culpritPanel(c: Culprit, { openReproducer, measureWithout }: CulpritActions): HTMLElement {
  const { rewrite, divergence, reproducer, dispatch } = c;
  const parts: HTMLElement[] = [];
  parts.push(
    facts([
      ['Pass', c.pass],
      ['Rule', rewrite?.rule],
      ['Rewrite', rewrite && `${rewrite.index} of the compilation, ${rewrite.inPass} of the pass`],
      [
        'Dispatch',
        dispatch &&
          `${dispatch.index} ${dispatch.name}${dispatch.race ? ' (only with several threads)' : ''}`,
      ],
      ['Model nodes', c.nodes.join(', ')],
      ['Or', c.alternatives.join(', ')],
      ['Ended by', c.crash],
    ]),
  );
  if (c.perf !== undefined) parts.push(...perfSections(c.perf));
  if (divergence !== undefined)
    parts.push(
      section(
        'First op that differs',
        element('pre', { class: 'code' }, divergence.text),
        divergence.note === undefined ? undefined : element('p', {}, divergence.note),
        statistics(divergence.statistics),
      ),
    );
  if (c.outputs.length > 0) parts.push(section('Outputs after it', ...c.outputs.map(statistics)));
  if (c.whatIf.length > 0 || rewrite !== undefined)
    parts.push(
      section(
        'What if',
        c.whatIf.length === 0 ? undefined : whatIfList(c.whatIf),
        rewrite === undefined || measureWithout === undefined
          ? undefined
          : element(
              'div',
              { class: 'details' },
              button('Disable This Rule', () => {
                measureWithout({ rule: rewrite.rule });
              }),
              rewrite.renumbered === true
                ? undefined
                : button('Disable This Rewrite', () => {
                    measureWithout({ rewrite: rewrite.index });
                  }),
            ),
      ),
    );
  if (c.semantic !== undefined) parts.push(section('Change of the ops', semanticTable(c.semantic)));
  if (c.diff !== '') parts.push(section('Change of the IR', diffView(c.diff)));
  if (reproducer !== undefined)
    parts.push(
      section(
        `Reproducer (${reproducer.ops} ops)`,
        element('pre', { class: 'code' }, reproducer.ir),
        element('p', {}, element('code', {}, reproducer.command)),
        button('Open Reproducer', openReproducer),
      ),
    );
  if (dispatch !== undefined && dispatch.source !== '')
    parts.push(section('C', element('pre', { class: 'code' }, dispatch.source)));
  return element('section', { class: 'culprit' }, ...parts);
}

export function section(title: string, ...children: readonly (HTMLElement | undefined)[]): HTMLElement {
  const details = element('details', { open: true }, element('summary', {}, title), ...children);
  return details;
}
function facts(rows: readonly (readonly [string, string | undefined])[]): HTMLElement {
  const list = element('dl', {});
  for (const [name, value] of rows)
    if (value !== undefined && value !== '')
      list.append(element('dt', {}, name), element('dd', {}, breakable(value)));
  return list;
}

const at = (e: Element | undefined): string =>
  e === undefined ? '' : `at [${e.index.join(', ')}]: ${number(e.found)}, expected ${number(e.expected)}`;

function statistics(s: TensorStatistics): HTMLElement {
  const largest = Math.max(1, ...s.histogram);
  const bars = element('div', {
    class: 'histogram',
    role: 'img',
    'aria-label': 'elements by absolute error',
  });
  s.histogram.forEach((n, i) => {
    const bar = element('span', { class: 'histogram-bar', title: `${n} elements` });
    bar.style.height = `${n === 0 ? 0 : Math.max(8, Math.round((100 * Math.log1p(n)) / Math.log1p(largest)))}%`;
    bars.append(element('span', { class: i === 0 ? 'bin equal' : 'bin' }, bar));
  });
  return element(
    'div',
    { class: 'statistics' },
    facts([
      [
        s.name === '' ? 'Value' : s.name,
        `[${s.shape.join(', ')}], ${s.beyond} of ${s.elements} elements beyond tolerance`,
      ],
      ['Largest absolute error', `${number(s.maxAbsolute)} ${at(s.maxAbsoluteAt)}`],
      ['Largest relative error', `${number(s.maxRelative)} ${at(s.maxRelativeAt)}`],
      [
        'NaN, infinite',
        `${s.nan.found}, ${s.infinite.found} (expected ${s.nan.expected}, ${s.infinite.expected})`,
      ],
    ]),
    element(
      'div',
      { class: 'histogram-box' },
      bars,
      element(
        'div',
        { class: 'axis dimmed' },
        element('span', {}, 'equal'),
        element('span', {}, 'absolute error'),
        element('span', {}, '≥ 1e3'),
      ),
    ),
  );
}

export const whatIfList = (all: readonly WhatIf[]): HTMLElement =>
  element('ul', { class: 'what-if' }, ...all.map((w) => element('li', {}, whatIfText(w))));

function semanticTable({ summary, rows, more }: SemanticChange): HTMLElement {
  const cells = (tag: 'td' | 'th', ...texts: readonly string[]): HTMLElement =>
    element('tr', {}, ...texts.map((t) => element(tag, {}, breakable(t))));
  const labels = (ops: SemanticChange['rows'][number]['before']): string =>
    ops.map((o) => o.label).join(' + ');
  return element(
    'div',
    {},
    element('p', {}, `${summary}${more === 0 ? '' : `; ${more} rows are not shown`}`),
    rows.length === 0
      ? undefined
      : element(
          'table',
          {},
          cells('th', 'kind', 'before', 'after', 'what', 'evidence'),
          ...rows.map((r) =>
            cells(
              'td',
              r.kind,
              labels(r.before),
              labels(r.after),
              r.related.length > 0
                ? `${r.kind === 'gone' ? 'its uses read' : 'from'} ${labels(r.related)}`
                : r.parts.join(', '),
              r.evidence.join(', '),
            ),
          ),
        ),
  );
}

function whatIfText(w: WhatIf): string {
  if (w.metric === undefined) return `Without ${w.without} it does not compile: ${w.problem ?? ''}`;
  return `Without ${w.without} the result is ${w.metric <= 1 ? 'good' : 'still bad'} (${metricText(w.metric)} × allowed).`;
}

function diffView(diff: string): HTMLElement {
  const pre = element('pre', { class: 'code diff' });
  // The two lines of names before the first place say nothing here.
  for (const line of diff.trimEnd().split('\n').slice(2)) {
    const kind = line.startsWith('+')
      ? 'added'
      : line.startsWith('-')
        ? 'removed'
        : line.startsWith('@')
          ? 'place'
          : '';
    pre.append(element('span', kind === '' ? {} : { class: kind }, `${line}\n`));
  }
  return pre;
}
