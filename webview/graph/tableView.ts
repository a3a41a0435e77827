/** The graph as a table, for people who use screen readers and for reading without a mouse. */
import type { GraphModel } from '../../src/dump/layout/graphModel';
import { graphRows } from '../../src/dump/layout/graphText';
import { element } from '../shared/dom';

/** More rows than that are for the text. */
const MOST_ROWS = 3000;

export function graphTableView(model: GraphModel, chosen: (op: number, focus: boolean) => void): HTMLElement {
  const rows = graphRows(model);
  const compared = rows.some((r) => r.change !== '');
  const timed = rows.some((r) => r.time !== '');
  const head = [
    'Line',
    'Op',
    'Result',
    'Reads',
    'Read by',
    ...(compared ? ['Change'] : []),
    ...(timed ? ['Time'] : []),
  ];
  const body = element('tbody');
  for (const r of rows.slice(0, MOST_ROWS)) {
    const name = element('button', { type: 'button', class: 'link' }, r.name);
    name.style.marginInlineStart = `${r.depth}em`;
    name.addEventListener('click', () => chosen(r.op, true));
    name.addEventListener('focus', () => chosen(r.op, false));
    const cells = [String(r.line), name, r.label, r.reads, r.readBy];
    if (compared) cells.push(r.change);
    if (timed) cells.push(r.time);
    body.append(
      element(
        'tr',
        {},
        ...cells.map((c, i) => element(i === 1 ? 'th' : 'td', i === 1 ? { scope: 'row' } : {}, c)),
      ),
    );
  }
  return element(
    'section',
    { class: 'pane table', 'aria-label': model.title },
    element('h2', {}, model.title),
    element(
      'div',
      { class: 'scroll' },
      element(
        'table',
        {},
        element('thead', {}, element('tr', {}, ...head.map((h) => element('th', { scope: 'col' }, h)))),
        body,
      ),
      rows.length > MOST_ROWS ? element('p', {}, `The first ${MOST_ROWS} of ${rows.length} ops.`) : undefined,
    ),
  );
}
