/** Builds a kernel of several phases: a parallel range of units, and in each the loops of all phases one after another. */
import type { Value, types } from '../../ir';
import { types as t } from '../../ir';
import * as memref from '../../ir/dialects/memref';
import type { PhaseSchedule } from '../schedule/phaseSchedule';
import { schedulePhase } from '../schedule/phaseSchedule';
import type { Schedule } from '../schedule/schedule';
import type { Target } from '../schedule/target';
import { KernelBuilder } from './kernelBuilder';
import type { KernelEmitter } from './kernelEmitter';
import type { Phase } from './phases';
import { localElements, localPhase, resultElement } from './phases';
import type { LoopBase } from './pointEvaluator';

export interface PhaseBuffers {
  /** The flat buffer of a value that the phases read from outside. */
  readonly input: (value: Value) => Value;
  /** Flat, one per result of the last phase. */
  readonly output: (result: number) => Value;
}

export function buildPhases(
  phases: readonly Phase[],
  schedule: PhaseSchedule,
  emitter: KernelEmitter,
  buffers: PhaseBuffers,
  target: Target,
): void {
  const { cut, sizes } = schedule;
  const { blocked, block } = cut;
  const counts = sizes.map((n, i) => (i === blocked ? Math.ceil(n / block) : n));
  const rest = blocked === undefined ? 0 : sizes[blocked]! % block;
  const last = phases.length - 1;
  emitter.forall(counts.length === 0 ? [1] : counts, (units) => {
    const local = phases.slice(0, last).map(({ kernel }, m) =>
      kernel.outputs.map((_, r) => {
        const element = resultElement(phases[m]!, r);
        return scratch(emitter, localElements(phases, m, r, cut), element);
      }),
    );
    const run = (extent: number, bases: readonly LoopBase[], schedules: readonly Schedule[]): void => {
      phases.forEach((phase, m) => {
        const { kernel } = localPhase(phases, m, cut, extent);
        const own = withUnits(schedules[m]!, kernel.loops.slice(0, counts.length));
        const builder = new KernelBuilder(
          kernel,
          own,
          emitter,
          {
            input: (operand) => {
              const source = phase.sources[operand]!;
              return source.kind === 'outside'
                ? buffers.input(source.value)
                : local[source.phase]![source.result]!;
            },
            output: (result) => (m === last ? buffers.output(result) : local[m]![result]!),
          },
          { fma: target.fma },
        );
        builder.buildAt(bases);
      });
    };
    const within = (full: number): readonly LoopBase[] =>
      counts.map((n, i) => ({ at: units[i], low: 0, high: i === blocked ? full - 1 : n - 1 }));
    if (rest === 0 || blocked === undefined) {
      run(block, within(counts[blocked ?? 0] ?? 1), schedule.phases);
      return;
    }
    const short = phases.map((_, m) => schedulePhase(phases, m, cut, rest, target));
    const end = counts[blocked]! - 1;
    const bases = counts.map((n, i): LoopBase =>
      i === blocked ? { at: end } : { at: units[i], low: 0, high: n - 1 },
    );
    if (end === 0) {
      run(rest, bases, short);
      return;
    }
    emitter.when(
      emitter.compare('slt', units[blocked]!, emitter.index(end)),
      () => run(block, within(end), schedule.phases),
      () => run(rest, bases, short),
    );
  });
}

/** Memory of the thread for `count` elements. */
function scratch(emitter: KernelEmitter, count: number, element: types.Type): Value {
  return emitter.b.value(memref.alloca, { alignment: 64 }, t.memref([count], element));
}

/** The schedule with loops in front that stand still. */
function withUnits(
  s: Schedule,
  units: readonly { readonly name: string; readonly size: number }[],
): Schedule {
  const n = units.length;
  const ones = units.map(() => 1);
  return {
    ...s,
    loops: [...units.map((l) => l.name), ...s.loops],
    sizes: [...units.map((l) => l.size), ...s.sizes],
    block: [...units.map(() => 0), ...s.block],
    tile: [...ones, ...s.tile],
    order: [...units.map((_, i) => i), ...s.order.map((l) => l + n)],
    vector: s.vector === undefined ? undefined : s.vector + n,
  };
}
