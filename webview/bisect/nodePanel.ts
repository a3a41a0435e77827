/** The program against the reference, model node by model node: how far apart each is, and the first that is too far. */
import type { NodeComparison, NodeRow } from '../../src/protocol/bisectView';
import { breakable, element, icon } from '../shared/dom';
import { metricText } from './levelStrip';

export function nodePanel(c: NodeComparison): HTMLElement {
  const first = c.rows.find((r) => r.statistics.worst > 1);
  const cell = (text: string | HTMLElement): HTMLElement => element('td', {}, text);
  const numbers = (...values: readonly number[]): HTMLElement[] =>
    values.map((v) => element('td', { class: 'number' }, metricText(v)));
  const row = (r: NodeRow): HTMLElement =>
    element(
      'tr',
      r === first ? { class: 'first-apart', 'aria-current': 'true' } : {},
      element('td', { class: 'number' }, String(r.position)),
      element(
        'td',
        { class: r.statistics.worst > 1 ? 'bad' : 'good' },
        icon(r.statistics.worst > 1 ? 'error' : 'check'),
        element('span', { class: 'visually-hidden' }, r.statistics.worst > 1 ? 'differs' : 'agrees'),
      ),
      cell(breakable(r.node)),
      cell(breakable(r.foundBy)),
      ...numbers(r.statistics.maxAbsolute, r.statistics.maxRelative, r.statistics.worst),
    );
  const head = (...titles: readonly (readonly [string, boolean])[]): HTMLElement =>
    element('tr', {}, ...titles.map(([t, n]) => element('th', n ? { class: 'number' } : {}, t)));
  const verdict =
    first === undefined
      ? `All ${c.rows.length} nodes agree with ${c.expected}.`
      : `The first node that differs from ${c.expected} is ${first.node}.`;
  const inside = c.inside === 0 ? '' : ` ${c.inside} more lie within kernels, which keep no tensor of them.`;
  return element(
    'details',
    { open: true, class: 'nodes' },
    element('summary', {}, 'Node by node'),
    element('p', {}, verdict + inside),
    element(
      'div',
      { class: 'node-table', tabindex: 0 },
      element(
        'table',
        {},
        head(
          ['#', true],
          ['', false],
          ['node', false],
          [c.found, false],
          ['largest', true],
          ['relative', true],
          ['× allowed', true],
        ),
        ...c.rows.map(row),
      ),
    ),
  );
}
