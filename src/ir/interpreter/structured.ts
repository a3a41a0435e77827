/**
 * Runs structured ops (`linalg.generic` and its named forms): a scalar body at each point of a loop space. The body
 * runs in strips: each of its ops handles a run of points along one loop before the next op does, over typed arrays.
 * The loop is a parallel one where possible, so that every reduction still adds in ascending order.
 */
import type { AffineMap } from '../affine';
import { evaluateAffine, linearForm } from '../affine';
import { irMessages } from '../messages';
import type { Operation, Region, Value } from '../operation';
import { DYNAMIC } from '../types';
import type { ElementArray, RuntimeValue, Scalar, ShapedValue, Step, StepCompiler } from './runtimeValue';
import { multiplyAddOf } from './multiplyAdd';
import { StripBody } from './stripBody';
import { rowMajorStrides } from './tensor';

/** An op as loops around a scalar body. */
export interface Structured {
  readonly op: Operation;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** One per operand, inputs first. */
  readonly maps: readonly AffineMap[];
  /** One per loop: whether it is a reduction. */
  readonly reductions: readonly boolean[];
  readonly body: Region;
}

/** Extents of the loops: each is the size of a dimension that the loop alone indexes; DYNAMIC when none is. */
export function loopExtents(
  maps: readonly AffineMap[],
  shapes: readonly (readonly number[])[],
  loops: number,
): number[] {
  const extents = new Array<number>(loops).fill(DYNAMIC);
  maps.forEach((map, i) => {
    map.results.forEach((r, d) => {
      if (r.kind === 'dim' && extents[r.index] === DYNAMIC) extents[r.index] = shapes[i]![d]!;
    });
  });
  return extents;
}

/** An operand as the loops see it. */
export interface StripOperand {
  readonly data: ElementArray;
  /** Elements from one iteration of each loop to the next; undefined for maps that are not linear. */
  readonly strides: readonly number[] | undefined;
  readonly start: number;
  /** Position for given loop values; for maps that are not linear. */
  readonly locate: (loops: readonly number[]) => number;
}

export function compileStructured(s: Structured, compiler: StepCompiler): Step {
  const operandSlots = [...s.inputs, ...s.outputs].map((v) => compiler.slot(v));
  const resultSlots = s.op.results.map((r) => compiler.slot(r));
  const inputs = s.inputs.length;
  const body = new StripBody(s, compiler);
  const multiplyAdd = multiplyAddOf(s);
  return (frame, context) => {
    const values = operandSlots.map((slot) => frame[slot]!);
    const outputs = values.slice(inputs).map((v) => writable(s.op, v));
    const shapes = values.map((v) => (typeof v === 'object' ? v.shape : []));
    const extents = loopExtents(s.maps, shapes, s.reductions.length);
    if (!extents.includes(0)) {
      const operands = [...values.slice(0, inputs), ...outputs].map((v, i) =>
        typeof v === 'object' ? operandOf(s.op, v, s.maps[i]!, extents) : undefined,
      );
      const strip = chooseStrip(s, extents, operands);
      const fast = multiplyAdd?.(operands, strip);
      if (fast !== undefined) runStrips(extents, operands, strip, fast);
      else {
        body.begin(frame, context, values.slice(0, inputs) as Scalar[], operands, strip);
        runStrips(extents, operands, strip, (offsets, count, loops) => {
          body.run(offsets, count, loops);
        });
      }
    }
    let next = 0;
    for (const out of outputs) if (out.kind === 'tensor') frame[resultSlots[next++]!] = out;
  };
}

/** A tensor to write to (a copy), or the buffer itself. */
function writable(op: Operation, value: RuntimeValue): ShapedValue {
  if (typeof value !== 'object')
    throw irMessages.error('STR0124', { op: op.name, problem: 'an output is a scalar' });
  return value.kind === 'memref' ? value : { ...value, data: value.data.slice() };
}

function operandOf(
  op: Operation,
  value: ShapedValue,
  map: AffineMap,
  extents: readonly number[],
): StripOperand {
  const own = value.kind === 'memref' ? value.strides : rowMajorStrides(value.shape);
  const base = value.kind === 'memref' ? value.offset : 0;
  checkBounds(op, value, map, extents);
  let start = base;
  let strides: number[] | undefined = extents.map(() => 0);
  map.results.forEach((r, d) => {
    const form = linearForm(r, extents.length);
    if (form === undefined || strides === undefined) strides = undefined;
    else {
      start += form.constant * own[d]!;
      form.coefficients.forEach((c, loop) => {
        strides![loop]! += c * own[d]!;
      });
    }
  });
  const locate = (loops: readonly number[]): number =>
    map.results.reduce((at, r, d) => at + evaluateAffine(r, loops) * own[d]!, base);
  return { data: value.data, strides, start, locate };
}
/** Refuses an access outside the operand. Maps are monotonic in each loop but for mod, which stays below its divisor. */
function checkBounds(op: Operation, value: ShapedValue, map: AffineMap, extents: readonly number[]): void {
  map.results.forEach((r, d) => {
    const form = linearForm(r, extents.length);
    if (form === undefined) return;
    let low = form.constant;
    let high = form.constant;
    form.coefficients.forEach((c, loop) => {
      const reach = c * (extents[loop]! - 1);
      if (reach < 0) low += reach;
      else high += reach;
    });
    if (low < 0 || high >= value.shape[d]!) {
      throw irMessages.error('STR0124', {
        op: op.name,
        problem: `loops of extents [${extents.join(', ')}] reach indices ${low} to ${high} of dimension ${d}, which has size ${value.shape[d]!}`,
      });
    }
  });
}

/** The loop that strips run along. `sequential`: points of a strip depend on one another through an output. */
export interface Strip {
  readonly loop: number;
  readonly extent: number;
  readonly sequential: boolean;
}

/** Loops that bring few points per strip lose to longer ones; a sequential strip costs several times a free one. */
function chooseStrip(
  s: Structured,
  extents: readonly number[],
  operands: readonly (StripOperand | undefined)[],
): Strip {
  let best: Strip = { loop: -1, extent: 1, sequential: false };
  let bestScore = 0;
  extents.forEach((extent, loop) => {
    const sequential = s.outputs.some((_, i) => {
      const { strides } = operands[s.inputs.length + i]!;
      return strides === undefined || strides[loop] === 0;
    });
    if (!sequential && s.reductions[loop] === true) return;
    const steps = operands.map((o) => Math.abs(o?.strides?.[loop] ?? (o === undefined ? 0 : 64)));
    const locality = steps.reduce((n, step) => n + (step <= 1 ? 1 : 0.6), 0) / Math.max(1, steps.length);
    const score = (Math.min(extent, 256) / (Math.min(extent, 256) + 24)) * locality * (sequential ? 0.2 : 1);
    if (score > bestScore) {
      bestScore = score;
      best = { loop, extent, sequential };
    }
  });
  return best;
}

/** Handles `count` points along the strip's loop; `offsets` has the position of the first in each operand. */
export type StripFunction = (offsets: readonly number[], count: number, loops: number[]) => void;

/** Walks all loops but the strip's, in order. */
function runStrips(
  extents: readonly number[],
  operands: readonly (StripOperand | undefined)[],
  strip: Strip,
  run: StripFunction,
): void {
  const outer = extents.map((_, d) => d).filter((d) => d !== strip.loop);
  const offsets = operands.map((o) => o?.start ?? 0);
  const steps = outer.map((d) => operands.map((o) => o?.strides?.[d] ?? 0));
  const loops = extents.map(() => 0);
  const walk = (level: number): void => {
    if (level === outer.length) {
      run(offsets, strip.extent, loops);
      return;
    }
    const loop = outer[level]!;
    const extent = extents[loop]!;
    const step = steps[level]!;
    for (let i = 0; i < extent; i++) {
      loops[loop] = i;
      walk(level + 1);
      for (let o = 0; o < step.length; o++) offsets[o]! += step[o]!;
    }
    for (let o = 0; o < step.length; o++) offsets[o]! -= step[o]! * extent;
  };
  walk(0);
}
