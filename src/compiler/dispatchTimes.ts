/** What a run says of one dispatch. The only place that looks one up: by entry point and number, never by number alone. */
import type { DispatchId } from '../profiler/dispatchId';
import type { DispatchTime, Measurement } from './compilation';

interface Index {
  readonly times: ReadonlyMap<string, DispatchTime>;
  /** Nanoseconds of all dispatches over all repeats. */
  readonly total: number;
}

const indices = new WeakMap<Measurement, Index>();
const key = ({ entryPoint, index }: DispatchId): string => `${index} ${entryPoint}`;
const all = ({ medianNs, calls }: DispatchTime): number => medianNs * calls;

function indexOf(m: Measurement): Index {
  let known = indices.get(m);
  if (known === undefined) {
    known = {
      times: new Map(m.dispatches.map((d) => [key(d), d])),
      total: m.dispatches.reduce((sum, d) => sum + all(d), 0),
    };
    indices.set(m, known);
  }
  return known;
}

/** Undefined for a dispatch that the run did not reach, those of other entry points included. */
export const dispatchTime = (m: Measurement | undefined, id: DispatchId): DispatchTime | undefined =>
  m === undefined ? undefined : indexOf(m).times.get(key(id));

/** A dispatch's part of the time of all dispatches of a run, 0 to 1: a function that a run calls often counts as often. */
export function dispatchShare(m: Measurement | undefined, id: DispatchId): number | undefined {
  const time = dispatchTime(m, id);
  if (m === undefined || time === undefined) return undefined;
  const { total } = indexOf(m);
  return total === 0 ? undefined : all(time) / total;
}
