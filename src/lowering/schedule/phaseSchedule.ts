/**
 * Schedules of kernels of several phases: how many iterations of the common loops a unit runs, so that what the phases
 * leave for one another stays in cache and there is work for all threads. Each phase then has a schedule of its own.
 *
 * ```
 * schedule = {shared = ["d0", "d1"], sizes = array<i64: 12, 512>, block = array<i64: 1, 28>, predicted_ns = 90000 : i64,
 *             bound = "compute"}
 * ```
 * The names are those of the loops of the last phase; `block` has one loop at most that is not 1.
 */
import type { Attribute, DictionaryAttr, Operation } from '../../ir';
import { arrayAttr, dictionaryAttr, i64Array, i64Attr, numbersOf, stringAttr, types as t } from '../../ir';
import { loopMessages } from '../loops/messages';
import type { Cut, Phase } from '../loops/phases';
import { localElements, localPhase, resultElement, sharedLoops } from '../loops/phases';
import { isContraction } from '../loops/combiner';
import { chooseSchedule } from './chooseSchedule';
import { product, sum } from './kernelShape';
import type { Bound, Prediction, Schedule } from './schedule';
import { readSchedule } from './schedule';
import type { Target } from './target';

export interface PhaseSchedule {
  readonly cut: Cut;
  /** Sizes of the common loops. */
  readonly sizes: readonly number[];
  /** For units of `cut.block` iterations; blocks are not divided further. */
  readonly phases: readonly Schedule[];
  readonly prediction?: Prediction;
}

/** Bytes that the phases of a unit leave for one another. */
export function unitBytes(phases: readonly Phase[], cut: Cut): number {
  return sum(
    phases
      .slice(0, -1)
      .flatMap((p, m) =>
        p.kernel.outputs.map(
          (_, r) => localElements(phases, m, r, cut) * t.storageBytes(resultElement(p, r)),
        ),
      ),
  );
}
const sizesOf = (phases: readonly Phase[], shared: Cut['shared']): readonly number[] =>
  shared.map((c) => phases[0]!.kernel.loops[c[0]!]!.size);

/** The schedule of one phase for units of `extent` iterations. A unit is the work of one thread. */
export function schedulePhase(
  phases: readonly Phase[],
  m: number,
  cut: Cut,
  extent: number,
  target: Target,
): Schedule {
  const schedule = chooseSchedule(localPhase(phases, m, cut, extent).inner, { ...target, threads: 1 });
  return { ...schedule, block: schedule.block.map(() => 0) };
}

export function choosePhaseSchedule(phases: readonly Phase[], target: Target): PhaseSchedule {
  const shared = sharedLoops(phases);
  const sizes = sizesOf(phases, shared);
  const blocked = blockedLoop(shared);
  const one: Cut = { shared, blocked, block: 1 };
  const block = blocked === undefined ? 1 : chooseBlock(phases, one, sizes, target);
  const cut: Cut = { ...one, block };
  const schedules = phases.map((_, m) => schedulePhase(phases, m, cut, block, target));
  const units = product(sizes) / block;
  const bounds = schedules.flatMap((s) => s.prediction ?? []);
  const longest = bounds.reduce<Prediction | undefined>(
    (a, b) => (a === undefined || b.nanoseconds > a.nanoseconds ? b : a),
    undefined,
  );
  const nanoseconds = units * sum(bounds.map((p) => p.nanoseconds));
  return {
    cut,
    sizes,
    phases: schedules,
    ...(longest === undefined ? {} : { prediction: { nanoseconds, bound: longest.bound } }),
  };
}

/** The innermost of the common loops. */
const blockedLoop = (shared: Cut['shared']): number | undefined =>
  shared.length === 0 ? undefined : shared.length - 1;

function chooseBlock(phases: readonly Phase[], one: Cut, sizes: readonly number[], target: Target): number {
  const size = sizes[one.blocked!]!;
  const others = product(sizes) / size;
  const last = phases.length - 1;
  const contiguous = phases[last]!.kernel.outputs.some(
    (o) => o.form.coefficients[one.shared[one.blocked!]![last]!] === 1,
  );
  const products = phases.flatMap((p, m) => (isContraction(p.kernel.reduction) ? [m] : []));
  // Whole vectors, or whole register tiles of the products.
  let step = 1;
  if (contiguous) step = Math.min(size, target.vectorBytes / 2);
  else if (products.length > 0) {
    const whole: Cut = { ...one, block: size };
    const rows = products.map((m) => {
      const schedule = schedulePhase(phases, m, whole, size, target);
      const { name } = phases[m]!.kernel.loops[one.shared[one.blocked!]![m]!]!;
      const at = schedule.loops.indexOf(name);
      return at < 0 ? 1 : schedule.tile[at]!;
    });
    step = Math.max(...rows);
  }
  // Products read their other side once per unit, so they want many rows; other phases want to stay in the first level.
  const room = products.length > 0 ? target.l2 / 4 : target.l1 / 2;
  const perStep = unitBytes(phases, { ...one, block: step });
  const fitting = Math.max(1, Math.floor(room / Math.max(1, perStep)));
  const wanted = 4 * target.threads;
  const balanced = Math.max(1, Math.floor((others * size) / step / wanted));
  const most = products.length > 0 ? 4 : 16;
  return Math.min(size, step * Math.max(1, Math.min(fitting, balanced, most)));
}

export function writePhaseSchedule(phases: readonly Phase[], s: PhaseSchedule): DictionaryAttr {
  const { shared, blocked, block } = s.cut;
  const last = phases.length - 1;
  const entries: [string, Attribute][] = [
    ['shared', arrayAttr(shared.map((c) => stringAttr(phases[last]!.kernel.loops[c[last]!]!.name)))],
    ['sizes', i64Array(s.sizes)],
    ['block', i64Array(s.sizes.map((_, i) => (i === blocked ? block : 1)))],
  ];
  if (s.prediction !== undefined) {
    entries.push(
      ['predicted_ns', i64Attr(Math.round(s.prediction.nanoseconds))],
      ['bound', stringAttr(s.prediction.bound)],
    );
  }
  return dictionaryAttr(entries);
}

/** Reads the schedule of a dispatch and those of its phases; throws STR0541 where one does not fit. */
export function readPhaseSchedule(
  attribute: Attribute,
  phases: readonly Phase[],
  region: Operation,
  target: Target,
): PhaseSchedule {
  const name = region.attr('sym_name');
  const read = readCut(attribute, phases, name?.kind === 'string' ? name.value : '?');
  const { cut } = read;
  return {
    ...read,
    phases: phases.map((p, m) => {
      const given = p.region.attr('schedule');
      return given === undefined
        ? schedulePhase(phases, m, cut, cut.block, target)
        : readSchedule(given, localPhase(phases, m, cut, cut.block).inner);
    }),
  };
}
/** Reads how the common loops are cut. */
function readCut(
  attribute: Attribute,
  phases: readonly Phase[],
  dispatch: string,
): Pick<PhaseSchedule, 'cut' | 'sizes' | 'prediction'> {
  const fail = (problem: string): never => {
    throw loopMessages.error('STR0541', { dispatch, problem });
  };
  const shared = sharedLoops(phases);
  const sizes = sizesOf(phases, shared);
  if (attribute.kind !== 'dictionary') return fail(`${attribute.text} is no dictionary`);
  const given = numbersOf(attribute.entries.get('sizes')) ?? [];
  if (given.join() !== sizes.join())
    fail(`its phases have common loops of sizes ${sizes.join(', ')}, the schedule says ${given.join(', ')}`);
  const block = numbersOf(attribute.entries.get('block')) ?? [];
  if (block.length !== sizes.length || block.some((b, i) => b < 1 || b > sizes[i]!))
    fail(`'block' must have a number from 1 to its size for each of the ${sizes.length} common loops`);
  const wide = block.flatMap((b, i) => (b > 1 ? [i] : []));
  if (wide.length > 1) fail(`'block' may be more than 1 for one loop only`);
  const blocked = wide[0] ?? blockedLoop(shared);
  const bound = attribute.entries.get('bound');
  const ns = attribute.entries.get('predicted_ns');
  return {
    cut: { shared, blocked, block: blocked === undefined ? 1 : block[blocked]! },
    sizes,
    ...(ns?.kind === 'integer' && bound?.kind === 'string'
      ? { prediction: { nanoseconds: Number(ns.value), bound: bound.value as Bound } }
      : {}),
  };
}
