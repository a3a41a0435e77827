/**
 * A schedule: how the loops of one dispatch are tiled, vectorised, ordered and divided among threads. Plain data;
 * printed as the attribute `schedule` of dispatch.region, where a person or a tuner may change it.
 *
 * ```
 * schedule = {loops = ["d1.d2", "d3", "d6"], sizes = array<i64: 3136, 64, 32>,
 *             block = array<i64: 392, 0, 0>, tile = array<i64: 14, 32, 1>, order = array<i64: 0, 1, 2>,
 *             vector = 1 : i64, lanes = 16 : i64, predicted_ns = 95000 : i64, bound = "compute"}
 * ```
 * - `loops`: the dims of the root op that each loop runs over; size-1 dims are left out, joined dims have a dot.
 * - `block`: iterations of a parallel loop per unit of the parallel range; 0: each unit runs all of the loop.
 * - `tile`: parallel loops: iterations that are in registers at once (for the vector loop: elements). Reduction
 *   loops: 1, or the size to unroll it; for the vector loop a multiple of `lanes`.
 * - `order`: loops from the outermost to the innermost within a unit; reductions come after parallel loops.
 * - `ahead`: bytes by which what lies along the lanes is asked for before it is read; absent without.
 * - `vector`: the loop that runs along the lanes of vectors; `lanes` is 1 without one.
 */
import type { Attribute, DictionaryAttr } from '../../ir';
import { arrayAttr, dictionaryAttr, i64Array, i64Attr, numbersOf, stringAttr } from '../../ir';
import { loopMessages } from '../loops/messages';
import type { Kernel } from '../loops/readDispatch';

/** What limits the kernel according to the model. */
export type Bound = 'compute' | 'loads' | 'latency' | 'memory';

/** Bytes. */
export const cacheLine = 64;

export interface Schedule {
  readonly loops: readonly string[];
  readonly sizes: readonly number[];
  readonly block: readonly number[];
  readonly tile: readonly number[];
  readonly order: readonly number[];
  readonly vector: number | undefined;
  readonly lanes: number;
  readonly ahead?: number;
  readonly prediction?: Prediction;
}
export interface Prediction {
  /** Time of the dispatch on one thread. */
  readonly nanoseconds: number;
  readonly bound: Bound;
}

export function writeSchedule(s: Schedule): DictionaryAttr {
  const entries: [string, Attribute][] = [
    ['loops', arrayAttr(s.loops.map(stringAttr))],
    ['sizes', i64Array(s.sizes)],
    ['block', i64Array(s.block)],
    ['tile', i64Array(s.tile)],
    ['order', i64Array(s.order)],
    ['lanes', i64Attr(s.lanes)],
  ];
  if (s.vector !== undefined) entries.push(['vector', i64Attr(s.vector)]);
  if (s.ahead !== undefined) entries.push(['ahead', i64Attr(s.ahead)]);
  if (s.prediction !== undefined) {
    entries.push(
      ['predicted_ns', i64Attr(Math.round(s.prediction.nanoseconds))],
      ['bound', stringAttr(s.prediction.bound)],
    );
  }
  return dictionaryAttr(entries);
}

/** Reads a schedule and checks that it fits the kernel; throws STR0541. */
export function readSchedule(attribute: Attribute, kernel: Kernel): Schedule {
  const fail = (problem: string): never => {
    throw loopMessages.error('STR0541', { dispatch: kernel.name, problem });
  };
  if (attribute.kind !== 'dictionary') return fail(`${attribute.text} is no dictionary`);
  const { entries } = attribute;
  const list = (name: string): readonly number[] => {
    const values = numbersOf(entries.get(name)) ?? fail(`'${name}' must be a list of numbers`);
    return values.length === kernel.loops.length
      ? values
      : fail(`'${name}' has ${values.length} entries for ${kernel.loops.length} loops`);
  };
  const integer = (name: string): number | undefined => {
    const a = entries.get(name);
    return a === undefined
      ? undefined
      : a.kind === 'integer'
        ? Number(a.value)
        : fail(`'${name}' must be an integer`);
  };
  const ahead = integer('ahead');
  const schedule: Schedule = {
    ...(ahead === undefined ? {} : { ahead }),
    loops: kernel.loops.map((l) => l.name),
    sizes: list('sizes'),
    block: list('block'),
    tile: list('tile'),
    order: list('order'),
    vector: integer('vector'),
    lanes: integer('lanes') ?? 1,
  };
  const problem = scheduleProblem(schedule, kernel);
  if (problem !== undefined) fail(problem);
  const bound = entries.get('bound');
  const nanoseconds = integer('predicted_ns');
  if (nanoseconds === undefined || bound?.kind !== 'string') return schedule;
  return { ...schedule, prediction: { nanoseconds, bound: bound.value as Bound } };
}

/** What is wrong with the schedule for this kernel, or undefined. */
export function scheduleProblem(s: Schedule, kernel: Kernel): string | undefined {
  const { loops } = kernel;
  if (loops.some((l, i) => l.size !== s.sizes[i]))
    return `its loops have sizes ${loops.map((l) => l.size).join(', ')}, the schedule says ${s.sizes.join(', ')}`;
  if ([...s.order].sort((a, b) => a - b).some((l, i) => l !== i)) return `'order' must name each loop once`;
  const kinds = s.order.map((l) => loops[l]!.kind);
  if (kinds.lastIndexOf('parallel') > kinds.indexOf('reduction') && kinds.includes('reduction'))
    return 'parallel loops must come before reductions in the order';
  if (s.lanes < 1 || (s.lanes & (s.lanes - 1)) !== 0)
    return `'lanes' must be a power of two, found ${s.lanes}`;
  if (s.lanes > 1 && (s.vector === undefined || loops[s.vector] === undefined))
    return `'vector' must name a loop`;
  if (s.ahead !== undefined && (s.ahead < cacheLine || s.ahead % cacheLine !== 0))
    return `'ahead' must be whole cache lines of ${cacheLine} bytes, found ${s.ahead}`;
  for (const [i, loop] of loops.entries()) {
    const tile = s.tile[i]!;
    const block = s.block[i]!;
    if (tile < 1) return `'tile' of loop ${loop.name} must be positive`;
    if (loop.kind === 'reduction') {
      if (block !== 0) return `loop ${loop.name} is a reduction and cannot be divided among threads`;
      if (i === s.vector ? tile % s.lanes !== 0 : tile !== 1 && tile !== loop.size)
        return `'tile' of reduction ${loop.name} must be 1 or ${loop.size}`;
    } else if (block !== 0 && block % tile !== 0)
      return `'block' of loop ${loop.name} must be a multiple of its tile ${tile}`;
  }
  return undefined;
}
