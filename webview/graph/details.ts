/** What is known of the selected op, with ways to its neighbours, its partners and its text. */
import type { GraphModel } from '../../src/dump/layout/graphModel';
import { formatDuration, ns } from '../../src/base/units';
import { breakable, element, icon } from '../shared/dom';
import type { Child } from '../shared/dom';

export interface DetailActions {
  readonly goTo: (op: number) => void;
  readonly goToOther: (op: number) => void;
  readonly reveal: (op: number) => void;
  readonly life: (op: number) => void;
}

const LISTED = 12;

export function graphDetails(
  model: GraphModel | undefined,
  index: number | undefined,
  other: GraphModel | undefined,
  actions: DetailActions,
): readonly HTMLElement[] {
  const op = index === undefined ? undefined : model?.ops[index];
  if (model === undefined || index === undefined || op === undefined)
    return [
      element(
        'p',
        { class: 'hint' },
        'Select an op. Arrow keys follow what it reads and what reads it; Space opens groups.',
      ),
    ];
  const reads: number[] = [];
  const readBy: number[] = [];
  for (let e = 0; e < model.edges.length; e += 2) {
    if (model.edges[e + 1] === index) reads.push(model.edges[e]!);
    if (model.edges[e] === index) readBy.push(model.edges[e + 1]!);
  }
  const button = (text: string, symbol: string, act: () => void): HTMLElement => {
    const b = element('button', { type: 'button', class: 'action' }, icon(symbol), text);
    b.addEventListener('click', act);
    return b;
  };
  const list = (
    title: string,
    from: GraphModel,
    ops: readonly number[],
    go: (op: number) => void,
  ): readonly Child[] =>
    ops.length === 0
      ? []
      : [
          element('dt', {}, title),
          element(
            'dd',
            {},
            ...ops.slice(0, LISTED).map((i) => {
              const { name, label } = from.ops[i]!;
              const link = element('button', { type: 'button', class: 'link' }, `${label} ${name}`.trim());
              link.addEventListener('click', () => go(i));
              return link;
            }),
            ops.length > LISTED ? `and ${ops.length - LISTED} more` : undefined,
          ),
        ];
  const fact = (title: string, text: string | undefined): readonly Child[] =>
    text === undefined || text === '' ? [] : [element('dt', {}, title), element('dd', {}, breakable(text))];
  const time =
    op.timeNs === undefined
      ? undefined
      : `${formatDuration(ns(op.timeNs))}${op.share === undefined ? '' : `, ${(100 * op.share).toFixed(1)} % of the run`}`;
  return [
    element('h3', {}, breakable(op.name)),
    element(
      'dl',
      {},
      ...fact('Result', op.label),
      ...fact('Line', String(op.line)),
      ...fact('Change', op.change),
      ...fact('From', op.origins.join(', ')),
      ...fact('Became', op.dispatch),
      ...fact('Took', time),
      ...list('Reads', model, reads, actions.goTo),
      ...list('Read by', model, readBy, actions.goTo),
      ...(other === undefined ? [] : list('In the other', other, op.linked ?? [], actions.goToOther)),
    ),
    button('Go to text', 'go-to-file', () => actions.reveal(index)),
    button('Life of this op', 'history', () => actions.life(index)),
  ];
}
