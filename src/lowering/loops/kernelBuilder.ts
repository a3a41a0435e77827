/**
 * Builds the loops of a kernel from its expressions and its schedule: a parallel range of units, loops over register
 * tiles, reductions that carry the tile's accumulators in vectors, and the epilogue on registers before the stores.
 * One engine for contractions, convolutions, pooling, reductions, elementwise ops and copies.
 */
import type { AffineExpr, Value, types } from '../../ir';
import {
  affineAdd,
  affineCeilDiv,
  affineConstant,
  affineDim,
  affineMul,
  evaluateAffine,
  types as t,
} from '../../ir';
import type { Schedule } from '../schedule/schedule';
import { cacheLine } from '../schedule/schedule';
import type { Combiner } from './combiner';
import { combinerOf, neutralElement, paddingIsNeutral } from './combiner';
import type { Guard } from './expression';
import type { KernelEmitter } from './kernelEmitter';
import { formExpression, formInterval, scaleForm, shiftForm } from './linearForm';
import { loopMessages } from './messages';
import type { LoopBase, Point } from './pointEvaluator';
import { PointEvaluator } from './pointEvaluator';
import type { Kernel, Output, Reduction } from './readDispatch';
import { kernelGuards } from './kernelGuards';
import { interleaveRegisters, mostInterleaved } from './transposeRegisters';

export interface KernelBuffers {
  /** Flat, one per operand of the dispatch. */
  readonly input: (operand: number) => Value;
  readonly output: (result: number) => Value;
}

/** Neighbouring elements of the vector loop that one register holds. */
interface Piece {
  readonly offset: number;
  readonly lanes: number;
}
/** A place in the register tile. */
interface Cell {
  readonly offsets: readonly number[];
  readonly lanes: number;
}

/** Equal tiles of a loop, one after another. */
interface Segment {
  readonly from: number;
  readonly count: number;
  readonly extent: number;
}

/** `count` elements as registers of at most `lanes`: whole ones, then halves. */
export function piecesOf(count: number, lanes: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  for (let width = lanes; width >= 1; width /= 2) {
    while (count - offset >= width) {
      pieces.push({ offset, lanes: width });
      offset += width;
    }
  }
  return pieces;
}

/** More tiles than this at the rim of padding are not worth code of their own. */
const maxRimTiles = 6;

export class KernelBuilder {
  readonly #evaluator: PointEvaluator;
  readonly #parallel: readonly number[];
  readonly #reductions: readonly number[];
  /** Iterations of each loop in the register tile that is being built. */
  readonly #extent: number[];
  /** Guards of inputs whose padding may be skipped. */
  readonly #skippable: ReadonlySet<Guard>;
  readonly #guards: readonly Guard[];

  constructor(
    readonly kernel: Kernel,
    readonly schedule: Schedule,
    readonly emitter: KernelEmitter,
    readonly buffers: KernelBuffers,
    options: { readonly fma: boolean },
  ) {
    const { order, vector, lanes } = schedule;
    this.#parallel = order.filter((l) => kernel.loops[l]!.kind === 'parallel');
    this.#reductions = order.filter((l) => kernel.loops[l]!.kind === 'reduction');
    this.#extent = kernel.loops.map(() => 1);
    this.#evaluator = new PointEvaluator(
      emitter,
      kernel.name,
      kernel.loops.map((l) => l.size),
      lanes > 1 ? vector : undefined,
      lanes > 1 && vector !== undefined && kernel.loops[vector]!.kind === 'parallel',
      buffers.input,
      options.fma,
      (loop) => (this.#guards.some((g) => g.form.coefficients[loop] !== 0) ? 1 : this.#extent[loop]!),
    );
    this.#skippable = new Set(
      (kernel.reduction?.inputs ?? []).flatMap((input, i) =>
        input?.kind === 'guarded' && paddingIsNeutral(kernel.reduction!, i, input.outside)
          ? input.guards
          : [],
      ),
    );
    this.#guards = kernelGuards(kernel);
  }

  /** Whether one point has many results, as of a transform of tiles: padding then costs a branch for each. */
  get #spread(): boolean {
    return this.kernel.outputs.length > 1;
  }

  /** Emits the parallel range with all that is in it. */
  build(): void {
    const { kernel, schedule } = this;
    const divided = this.#parallel.filter((l) => schedule.block[l]! > 0);
    const empty = kernel.loops.some((l) => l.kind === 'parallel' && l.size === 0);
    const units = divided.map((l) => Math.ceil(kernel.loops[l]!.size / schedule.block[l]!));
    this.emitter.forall(empty ? [0] : units.length === 0 ? [1] : units, (ivs) => {
      if (!empty) this.#parallelLoop(0, new Map(divided.map((l, i) => [l, ivs[i]!])));
    });
  }

  /** Emits everything where the first loops stand at `given`: a phase of a kernel whose units these are. */
  buildAt(given: readonly LoopBase[]): void {
    given.forEach((base, loop) => (this.#evaluator.bases[loop] = base));
    const { loops } = this.kernel;
    if (loops.some((l) => l.kind === 'parallel' && l.size === 0)) return;
    this.#evaluator.fresh(() => {
      this.#parallelLoop(given.length, new Map());
    });
  }

  /** Emits loops from the `depth`-th parallel loop inwards. `units`: position in the parallel range of divided loops. */
  #parallelLoop(depth: number, units: ReadonlyMap<number, Value>): void {
    const loop = this.#parallel[depth];
    if (loop === undefined) {
      this.#tile();
      return;
    }
    const inner = (base: LoopBase, extent: number): void => {
      this.#evaluator.bases[loop] = base;
      this.#extent[loop] = extent;
      this.#evaluator.fresh(() => {
        this.#parallelLoop(depth + 1, units);
      });
    };
    const unit = units.get(loop);
    if (unit === undefined) this.#wholeLoop(loop, inner);
    else this.#dividedLoop(loop, unit, inner);
  }

  /** The tile at `iv` if it is one of the segment's. */
  #onSegment(s: Segment, iv: Value, inner: (base: LoopBase, extent: number) => void): void {
    const e = this.emitter;
    const end = s.from + s.count * s.extent;
    const inside =
      s.count === 1
        ? e.compare('eq', iv, e.index(s.from))
        : e.and(e.compare('sge', iv, e.index(s.from)), e.compare('slt', iv, e.index(end)));
    e.when(inside, () => {
      inner(s.count === 1 ? { at: s.from } : { at: iv, low: s.from, high: end - s.extent }, s.extent);
    });
  }

  #wholeLoop(loop: number, inner: (base: LoopBase, extent: number) => void): void {
    for (const s of this.#segments(loop)) {
      if (s.count === 1) inner({ at: s.from }, s.extent);
      else {
        const to = s.from + s.count * s.extent;
        this.emitter.loop(this.emitter.index(s.from), this.emitter.index(to), s.extent, [], (iv) => {
          inner({ at: iv, low: s.from, high: to - s.extent }, s.extent);
          return [];
        });
      }
    }
  }
  /** Runs of equal tiles that cover the loop; tiles at the rim of padding stand alone, so that it is known where they are. */
  #segments(loop: number): readonly Segment[] {
    const { size } = this.kernel.loops[loop]!;
    const tile = Math.min(this.schedule.tile[loop]!, size);
    const tiles: { from: number; extent: number; rim: boolean }[] = [];
    for (let from = 0; from < size; from += tile) {
      const extent = Math.min(tile, size - from);
      tiles.push({ from, extent, rim: (tile > 1 || this.#spread) && this.#atRim(loop, from, extent) });
    }
    const single = tiles.filter((x) => x.rim).length <= maxRimTiles;
    const segments: { from: number; count: number; extent: number; rim: boolean }[] = [];
    for (const x of tiles) {
      const last = segments[segments.length - 1];
      const rim = x.rim && single;
      if (last !== undefined && !rim && !last.rim && last.extent === x.extent) last.count++;
      else segments.push({ ...x, rim, count: 1 });
    }
    return segments;
  }
  /** Whether a guard may fail within the tile because of where this loop stands. */
  #atRim(loop: number, from: number, extent: number): boolean {
    return this.#guards.some((g) => {
      if (g.form.coefficients[loop] === 0) return false;
      const ranges = this.kernel.loops.map((l, i): readonly [number, number] =>
        i === loop ? [from, from + extent - 1] : [0, l.size - 1],
      );
      const [low, high] = formInterval(g.form, ranges);
      return low < 0 || high >= g.size;
    });
  }

  #dividedLoop(loop: number, unit: Value, inner: (base: LoopBase, extent: number) => void): void {
    const { size } = this.kernel.loops[loop]!;
    const block = this.schedule.block[loop]!;
    const tile = Math.min(this.schedule.tile[loop]!, size);
    const e = this.emitter;
    const rest = size % tile;
    const whole = size - rest;
    const from = block === 1 ? unit : e.apply(affineMul(affineDim(0), affineConstant(block)), [unit]);
    const at = (iv: Value): void => {
      const segments = this.#spread && rest === 0 ? this.#segments(loop) : [];
      if (segments.length < 2) inner({ at: iv, low: 0, high: whole - tile }, tile);
      else for (const s of segments) this.#onSegment(s, iv, inner);
    };
    if (block === tile && rest === 0) {
      at(from);
      return;
    }
    const end = affineAdd(affineDim(0), affineConstant(block));
    const full = size % block === 0;
    const to = full ? e.apply(end, [from]) : e.min([end, affineConstant(whole)], [from]);
    e.loop(from, to, tile, [], (iv) => {
      at(iv);
      return [];
    });
    if (rest === 0) return;
    // The last tile is shorter; it lies in the last block, as blocks are made of whole tiles.
    const start = e.max([affineDim(0), affineConstant(whole)], [from]);
    const stop = e.min([end, affineConstant(size)], [from]);
    e.loop(start, stop, rest, [], () => {
      inner({ at: whole }, rest);
      return [];
    });
  }

  /** The cells of the register tile, vector loop fastest. */
  #cells(vectorPieces: readonly Piece[] | undefined): readonly Cell[] {
    const { vector, lanes } = this.schedule;
    let cells: Cell[] = [{ offsets: this.kernel.loops.map(() => 0), lanes: 1 }];
    for (const loop of this.#parallel.filter((l) => l !== vector || lanes === 1)) {
      cells = cells.flatMap((c) =>
        Array.from({ length: this.#extent[loop]! }, (_, i): Cell => ({
          ...c,
          offsets: withOffset(c.offsets, loop, i),
        })),
      );
    }
    if (vectorPieces === undefined || vector === undefined) return cells;
    return cells.flatMap((c) =>
      vectorPieces.map((p): Cell => ({ offsets: withOffset(c.offsets, vector, p.offset), lanes: p.lanes })),
    );
  }

  #tile(): void {
    const { kernel, schedule } = this;
    const { vector, lanes } = schedule;
    const vectorised = lanes > 1 && vector !== undefined;
    if (kernel.reduction !== undefined && vectorised && kernel.loops[vector]!.kind === 'reduction') {
      this.#store(this.#cells(undefined), this.#reduceAlongLanes(kernel.reduction, vector));
      return;
    }
    const cells = this.#cells(vectorised ? piecesOf(this.#extent[vector]!, lanes) : undefined);
    if (kernel.reduction === undefined) {
      this.#store(cells, undefined);
      return;
    }
    const { inits } = kernel.reduction;
    const start = cells.flatMap((c) =>
      inits.map((init) => this.#splat(this.#evaluator.evaluate(init, c), c.lanes)),
    );
    const results = this.#reduce(kernel.reduction, 0, cells, start);
    this.#evaluator.fresh(() => {
      this.#store(
        cells,
        cells.map((_, i) => results.slice(i * inits.length, (i + 1) * inits.length)),
      );
    });
  }
  #splat(v: Value, lanes: number): Value {
    return this.#evaluator.splat(v, lanes);
  }

  /** Emits reduction loops from the `depth`-th inwards; what the accumulators of all cells become. */
  #reduce(
    reduction: Reduction,
    depth: number,
    cells: readonly Cell[],
    accumulators: readonly Value[],
  ): readonly Value[] {
    const rest = this.#reductions.slice(depth);
    const [loop] = rest;
    const rolled = (l: number): boolean => this.schedule.tile[l] !== this.kernel.loops[l]!.size;
    if (loop === undefined || !rest.some(rolled))
      return this.#evaluator.fresh(() => this.#accumulate(reduction, rest, cells, accumulators));
    const { size } = this.kernel.loops[loop]!;
    if (!rolled(loop)) {
      // An unrolled loop around others: their code once per iteration.
      let current = accumulators;
      for (let i = 0; i < size; i++) {
        this.#evaluator.bases[loop] = { at: i };
        if (this.#isSkipped(reduction, rest.slice(1), cells)) continue;
        current = this.#reduce(reduction, depth + 1, cells, current);
      }
      return current;
    }
    const [from, to, clamped] = this.#bounds(loop, cells);
    for (const g of clamped) this.#evaluator.satisfied.add(g);
    const out = this.emitter.loop(from, to, 1, accumulators, (iv, carried) => {
      this.#evaluator.bases[loop] = { at: iv, low: 0, high: size - 1 };
      return this.#reduce(reduction, depth + 1, cells, carried);
    });
    for (const g of clamped) this.#evaluator.satisfied.delete(g);
    return out;
  }
  /** Whether all cells lie in padding, wherever the loops `inner` stand. */
  #isSkipped(reduction: Reduction, inner: readonly number[], cells: readonly Cell[]): boolean {
    for (const l of inner)
      this.#evaluator.bases[l] = { at: undefined, low: 0, high: this.kernel.loops[l]!.size - 1 };
    return cells.every((c) => this.#isPadding(reduction, c));
  }
  /** One iteration of the rolled loops: all taps of the `unrolled` ones on all cells. */
  #accumulate(
    reduction: Reduction,
    unrolled: readonly number[],
    cells: readonly Cell[],
    accumulators: readonly Value[],
  ): readonly Value[] {
    this.#askAhead(reduction, unrolled, cells);
    const current = [...accumulators];
    const width = reduction.inits.length;
    const step = (cell: Cell, i: number, tap: readonly number[]): void => {
      const point: Point = { offsets: cell.offsets.map((o, l) => o + tap[l]!), lanes: cell.lanes };
      const own = current.slice(i * width, (i + 1) * width);
      this.#contribute(reduction, point, own)?.forEach((v, r) => (current[i * width + r] = v));
    };
    const taps = this.#taps(unrolled);
    // Inputs along the lanes are shared by taps of neighbouring cells, weights by cells of one tap.
    if (this.#sharesTaps(reduction)) cells.forEach((cell, i) => taps.forEach((tap) => step(cell, i, tap)));
    else for (const tap of taps) cells.forEach((cell, i) => step(cell, i, tap));
    return current;
  }
  /** Asks for the lines of what all rows share along the lanes, as far ahead as the schedule says. */
  #askAhead(reduction: Reduction, unrolled: readonly number[], cells: readonly Cell[]): void {
    const { ahead, vector } = this.schedule;
    if (ahead === undefined || vector === undefined) return;
    const group = reduction.group ?? 1;
    const rows = this.#parallel.filter((l) => l !== vector);
    for (const input of reduction.inputs) {
      if (input?.kind !== 'load' || input.form.coefficients[vector] !== 1) continue;
      if (rows.some((l) => this.#extent[l]! > 1 && input.form.coefficients[l] !== 0)) continue;
      const bytes = group * t.storageBytes(input.type);
      const form = scaleForm(shiftForm(input.form, ahead / bytes), group);
      const buffer = this.buffers.input(input.operand);
      for (const tap of this.#taps(unrolled)) {
        for (const cell of cells) {
          const first =
            rows.every((l) => cell.offsets[l] === 0) && (cell.offsets[vector]! * bytes) % cacheLine === 0;
          if (!first) continue;
          for (let line = 0; line * cacheLine < cell.lanes * bytes; line++) {
            const at = shiftForm(form, (line * cacheLine * group) / bytes);
            const point: Point = { offsets: cell.offsets.map((o, l) => o + tap[l]!), lanes: cell.lanes };
            this.emitter.prefetch(buffer, this.#evaluator.index(at, point));
          }
        }
      }
    }
  }
  #sharesTaps(reduction: Reduction): boolean {
    return reduction.inputs.every((i) => i === undefined || this.#evaluator.alongLanes(i));
  }
  #isPadding(reduction: Reduction, point: Point): boolean {
    return reduction.inputs.some(
      (input) =>
        input?.kind === 'guarded' &&
        input.guards.some(
          (g) => this.#skippable.has(g) && this.#evaluator.guardState(g, point) === 'outside',
        ),
    );
  }
  /** The accumulators after one point; undefined when it lies in padding that changes nothing. */
  #contribute(
    reduction: Reduction,
    point: Point,
    accumulators: readonly Value[],
  ): readonly Value[] | undefined {
    if (this.#isPadding(reduction, point)) return undefined;
    if (reduction.group !== undefined)
      return [this.#evaluator.dot(reduction, reduction.group, point, accumulators[0]!)];
    const inputs = reduction.inputs.map((i) =>
      i === undefined ? undefined : this.#evaluator.evaluate(i, point),
    );
    const next = this.#evaluator.body(reduction.op, [...inputs, ...accumulators], reduction.indices, point);
    return next.map((v) => this.#splat(v, point.lanes));
  }
  /** Offsets of the unrolled reduction loops, innermost fastest. */
  #taps(unrolled: readonly number[]): readonly (readonly number[])[] {
    let taps: (readonly number[])[] = [this.kernel.loops.map(() => 0)];
    for (const loop of unrolled) {
      const { size } = this.kernel.loops[loop]!;
      this.#evaluator.bases[loop] = { at: 0 };
      taps = taps.flatMap((x) => Array.from({ length: size }, (_, i) => withOffset(x, loop, i)));
    }
    return taps;
  }

  /** Bounds of a reduction loop: all of it, or where the padding guards that it decides hold. */
  #bounds(loop: number, cells: readonly Cell[]): readonly [Value, Value, readonly Guard[]] {
    const e = this.emitter;
    const { size } = this.kernel.loops[loop]!;
    const clamped = this.#guards.filter((g) => this.#skippable.has(g) && this.#decides(g, loop, cells));
    if (clamped.length === 0) return [e.index(0), e.index(size), []];
    const lows: AffineExpr[] = [affineConstant(0)];
    const highs: AffineExpr[] = [affineConstant(size)];
    const operands: Value[] = [];
    const loops: number[] = [];
    this.#evaluator.bases.forEach((b, l) => {
      if (
        l === loop ||
        typeof b.at === 'number' ||
        b.at === undefined ||
        clamped.every((g) => g.form.coefficients[l] === 0)
      )
        return;
      loops.push(l);
      operands.push(b.at);
    });
    for (const g of clamped) {
      const step = affineConstant(g.form.coefficients[loop]!);
      const constant = this.#evaluator.bases.reduce(
        (sum, b, l) => (typeof b.at === 'number' && l !== loop ? sum + g.form.coefficients[l]! * b.at : sum),
        g.form.constant,
      );
      const negative = formExpression(scaleForm({ ...g.form, constant }, -1), loops);
      lows.push(affineCeilDiv(negative, step));
      highs.push(affineCeilDiv(affineAdd(negative, affineConstant(g.size)), step));
    }
    if (operands.length === 0) {
      const low = Math.max(...lows.map((x) => evaluateAffine(x, [])));
      return [
        e.index(low),
        e.index(Math.max(low, Math.min(...highs.map((x) => evaluateAffine(x, []))))),
        clamped,
      ];
    }
    return [e.max(lows, operands), e.min(highs, operands), clamped];
  }
  /** Whether this loop's bounds can make the guard true: all else in it stands still, and it is not true anyway. */
  #decides(g: Guard, loop: number, cells: readonly Cell[]): boolean {
    const { coefficients } = g.form;
    if (coefficients[loop]! <= 0 || this.#evaluator.satisfied.has(g)) return false;
    const { bases } = this.#evaluator;
    const ranges = bases.map((b, l): readonly [number, number] => {
      if (l === loop) return [0, this.kernel.loops[l]!.size - 1];
      return typeof b.at === 'number'
        ? [b.at, b.at]
        : [(b as { low: number }).low, (b as { high: number }).high];
    });
    for (const [l, c] of coefficients.entries()) {
      if (c === 0 || l === loop) continue;
      if (
        this.kernel.loops[l]!.kind === 'reduction' ||
        this.#extent[l] !== 1 ||
        cells.some((x) => x.offsets[l] !== 0)
      )
        return false;
    }
    const [low, high] = formInterval(g.form, ranges);
    return low < 0 || high >= g.size;
  }
  /** Reduces along the lanes: vectors of partial results, joined at the end. */
  #reduceAlongLanes(reduction: Reduction, vector: number): readonly (readonly Value[])[] {
    const { schedule, kernel, emitter: e } = this;
    const { lanes } = schedule;
    const combiners = reduction.inits.map(
      (_, i) => combinerOf(reduction, i) ?? this.#misfit('its reduction cannot run along vector lanes'),
    );
    const cells = this.#cells(undefined);
    const { size } = kernel.loops[vector]!;
    const step = Math.min(schedule.tile[vector]!, size - (size % lanes));
    const starts = cells.map((c) => reduction.inits.map((init) => this.#evaluator.evaluate(init, c)));
    if (step === 0) return this.#alongScalars(reduction, vector, cells, starts, 0);
    const parts = step / lanes;
    const neutral = combiners.map((c) => this.#neutral(c, lanes));
    const wide = cells.flatMap((c) =>
      Array.from({ length: parts }, (_, p): Cell => ({
        offsets: withOffset(c.offsets, vector, p * lanes),
        lanes,
      })),
    );
    const whole = size - (size % step);
    const others = this.#reductions.filter((l) => l !== vector);
    const nest = (depth: number, acc: readonly Value[]): readonly Value[] => {
      const loop = others[depth];
      if (loop !== undefined) {
        return e.loop(e.index(0), e.index(kernel.loops[loop]!.size), 1, acc, (iv, carried) => {
          this.#evaluator.bases[loop] = { at: iv, low: 0, high: kernel.loops[loop]!.size - 1 };
          return nest(depth + 1, carried);
        });
      }
      return e.loop(e.index(0), e.index(whole), step, acc, (iv, carried) => {
        this.#evaluator.bases[vector] = { at: iv, low: 0, high: whole - step };
        return this.#evaluator.fresh(() => this.#cellwise(reduction, wide, carried));
      });
    };
    const partial = nest(
      0,
      wide.flatMap(() => neutral),
    );
    const width = combiners.length;
    const joined = cells.map((_, c) =>
      combiners.map((combiner, r) => {
        let vectors = Array.from({ length: parts }, (_, p) => partial[(c * parts + p) * width + r]!);
        while (vectors.length > 1) {
          const half = Math.ceil(vectors.length / 2);
          vectors = vectors
            .slice(0, half)
            .map((v, i) =>
              i + half < vectors.length ? this.#join(combiner, v, vectors[i + half]!, lanes) : v,
            );
        }
        return this.#join(combiner, starts[c]![r]!, e.reduce(combiner.kind, vectors[0]!), 1);
      }),
    );
    return this.#alongScalars(reduction, vector, cells, joined, whole);
  }
  /** What is left of the vector loop from `from` on, element by element. */
  #alongScalars(
    reduction: Reduction,
    vector: number,
    cells: readonly Cell[],
    starts: readonly (readonly Value[])[],
    from: number,
  ): readonly (readonly Value[])[] {
    const { kernel, emitter: e } = this;
    const { size } = kernel.loops[vector]!;
    if (from === size) return starts;
    const others = this.#reductions.filter((l) => l !== vector);
    const nest = (depth: number, acc: readonly Value[]): readonly Value[] => {
      const loop = [...others, vector][depth];
      if (loop === undefined) return this.#evaluator.fresh(() => this.#cellwise(reduction, cells, acc));
      const first = loop === vector ? from : 0;
      const end = kernel.loops[loop]!.size;
      return e.loop(e.index(first), e.index(end), 1, acc, (iv, carried) => {
        this.#evaluator.bases[loop] = { at: iv, low: first, high: end - 1 };
        return nest(depth + 1, carried);
      });
    };
    const flat = nest(0, starts.flat());
    const width = reduction.inits.length;
    return cells.map((_, i) => flat.slice(i * width, (i + 1) * width));
  }
  #cellwise(reduction: Reduction, cells: readonly Cell[], accumulators: readonly Value[]): readonly Value[] {
    const width = reduction.inits.length;
    return cells.flatMap((cell, i) => {
      const own = accumulators.slice(i * width, (i + 1) * width);
      return this.#contribute(reduction, cell, own) ?? own;
    });
  }
  #neutral(combiner: Combiner, lanes: number): Value {
    const type: types.Type = t.elementOf(combiner.contribution.type);
    const value = neutralElement(combiner.kind, type) ?? this.#misfit('its reduction has no neutral element');
    return this.emitter.constant(value, type, lanes);
  }
  #join(combiner: Combiner, a: Value, b: Value, lanes: number): Value {
    return this.emitter.again(combiner.op, [a, b], lanes)[0]!;
  }

  /** Evaluates and stores the outputs; `accumulators` per cell. */
  #store(cells: readonly Cell[], accumulators: readonly (readonly Value[])[] | undefined): void {
    const points = cells.map((cell, i): Point => ({
      ...cell,
      ...(accumulators === undefined ? {} : { accumulators: accumulators[i]! }),
    }));
    const woven = new Map(
      this.kernel.outputs.flatMap((o) => {
        const loop = this.#interleavedLoop(o);
        return loop === undefined ? [] : [[o, loop] as const];
      }),
    );
    for (const point of points) {
      for (const o of this.kernel.outputs) {
        const loop = point.lanes === 1 ? undefined : woven.get(o);
        if (loop === undefined) this.#storeGuarded(o, point);
        else if (point.offsets[loop] === 0)
          this.#storeInterleaved(
            o,
            points.filter(
              (p) =>
                p.lanes === point.lanes && p.offsets.every((x, l) => l === loop || x === point.offsets[l]),
            ),
          );
      }
    }
  }
  /** The loop whose iterations, all in the register tile, lie between neighbouring lanes in memory. */
  #interleavedLoop(o: Output): number | undefined {
    const { vector } = this.schedule;
    const step = vector === undefined ? 0 : o.form.coefficients[vector]!;
    if (step < 2 || step > mostInterleaved || o.type.element === t.i1 || (o.guards ?? []).length > 0)
      return undefined;
    const loop = this.#parallel.find(
      (l) => l !== vector && o.form.coefficients[l] === 1 && this.kernel.loops[l]!.size === step,
    );
    return loop !== undefined && this.#extent[loop] === step ? loop : undefined;
  }
  /** Stores the values at `points`, which are neighbours in memory lane by lane, as vectors without gaps. */
  #storeInterleaved(o: Output, points: readonly Point[]): void {
    const e = this.emitter;
    const [first] = points;
    const values = points.map((p) => this.#splat(this.#evaluator.evaluate(o.value, p), p.lanes));
    const buffer = this.buffers.output(o.result);
    interleaveRegisters(e, values).forEach((v, r) => {
      const form = shiftForm(o.form, r * first!.lanes);
      e.store(v, buffer, this.#evaluator.index(form, first!));
    });
  }
  #storeGuarded(o: Output, point: Point): void {
    const e = this.emitter;
    const states = (o.guards ?? []).map((g) => this.#evaluator.guardState(g, point));
    if (states.includes('outside')) return;
    const open = (o.guards ?? []).filter((_, i) => states[i] === 'unknown');
    if (open.length === 0) {
      this.#storeOutput(o, point);
      return;
    }
    const tests = open.flatMap((g) => {
      const at = this.#evaluator.index(g.form, point);
      return [e.compare('sge', at, e.index(0)), e.compare('slt', at, e.index(g.size))];
    });
    e.when(
      tests.reduce((a, b) => e.and(a, b)),
      () => {
        this.#evaluator.nested(() => {
          this.#storeOutput(o, point);
        });
      },
    );
  }
  #storeOutput(o: Output, point: Point): void {
    const e = this.emitter;
    const { vector } = this.schedule;
    const value = this.#evaluator.evaluate(o.value, point);
    const buffer = this.buffers.output(o.result);
    const step = vector === undefined ? 0 : o.form.coefficients[vector]!;
    if (point.lanes === 1 || (step === 1 && o.type.element !== t.i1)) {
      e.store(this.#splat(value, point.lanes), buffer, this.#evaluator.index(o.form, point));
      return;
    }
    for (let lane = 0; lane < point.lanes; lane++) {
      const form = { ...o.form, constant: o.form.constant + lane * step };
      e.store(e.lane(value, lane), buffer, this.#evaluator.index(form, point));
    }
  }
  #misfit(problem: string): never {
    throw loopMessages.error('STR0541', { dispatch: this.kernel.name, problem });
  }
}

const withOffset = (offsets: readonly number[], loop: number, by: number): readonly number[] =>
  offsets.map((o, l) => (l === loop ? o + by : o));
