/** Planted slowdowns: results stay right, some kernels get slow. */
import type { Attribute } from '../../../src/ir';
import { dictionaryAttr, i64Attr, i64Array, numbersOf } from '../../../src/ir';
import type { Made, Plant } from './plant';

export interface Slowdown extends Plant {
  readonly name: string;
  readonly model: 'tiny' | 'mobilenet' | 'resnet';
}

/** Rewrites entries of the schedule that was just chosen. */
function reschedule(m: Made, change: (entries: Map<string, Attribute>) => void): boolean {
  const schedule = m.root.attr('schedule');
  if (schedule?.kind !== 'dictionary') return false;
  const entries = new Map(schedule.entries);
  change(entries);
  m.root.setAttr('schedule', dictionaryAttr([...entries]));
  return true;
}
const allOnes = (a: Attribute | undefined): Attribute => i64Array((numbersOf(a) ?? []).map(() => 1));

export const slowdowns: readonly Slowdown[] = [
  {
    name: 'vectors-lost',
    model: 'mobilenet',
    pass: 'choose-schedules',
    rule: 'choose-schedule',
    spoil: (m) =>
      reschedule(m, (e) => {
        e.set('lanes', i64Attr(1));
        e.set('tile', allOnes(e.get('tile')));
      }),
  },
  {
    name: 'tiles-lost',
    model: 'mobilenet',
    pass: 'choose-schedules',
    rule: 'choose-schedule',
    node: 'features.5/',
    spoil: (m) =>
      reschedule(m, (e) => {
        e.set('lanes', i64Attr(1));
        e.set('tile', allOnes(e.get('tile')));
      }),
  },
];
