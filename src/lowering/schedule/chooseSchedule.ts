/**
 * Chooses a schedule for a kernel by an analytic model of one core: vector lanes, registers, load and multiply-add
 * throughput, latency, caches and bandwidth. The model compares register tiles; blocks follow from caches and threads.
 */
import type { types } from '../../ir';
import { types as t } from '../../ir';
import { combinerOf } from '../loops/combiner';
import type { Kernel } from '../loops/readDispatch';
import { mostInterleaved } from '../loops/transposeRegisters';
import type { Access, KernelShape } from './kernelShape';
import {
  canUnroll,
  describeKernel,
  footprint,
  product,
  registersFor,
  sum,
  tapLoops,
  volume,
} from './kernelShape';
import { bestTile, core, maxUnrolled } from './registerTile';
import type { Bound, Schedule } from './schedule';
import type { Target } from './target';

/** The schedule for a kernel with simplified loops. Deterministic. */
export function chooseSchedule(kernel: Kernel, target: Target): Schedule {
  const shape = describeKernel(kernel, target);
  const vector = chooseVector(shape);
  const { loops } = kernel;
  const sizes = loops.map((l) => l.size);
  const base = { loops: loops.map((l) => l.name), sizes };
  if (vector !== undefined && loops[vector]!.kind === 'reduction')
    return alongReduction(shape, base, vector, target);
  return kernel.reduction === undefined
    ? elementwise(shape, base, vector, target)
    : contraction(shape, base, vector, target);
}

/** The loop that runs along vector lanes: the one that makes memory accesses and arithmetic cheapest per iteration. */
function chooseVector(s: KernelShape): number | undefined {
  const { kernel, lanes } = s;
  if (lanes === 1) return undefined;
  const repeats = Math.max(1, volume(s, s.reductions));
  const perIteration = kernel.reduction === undefined ? [...s.outer, ...s.outputs] : s.inner;
  const perResult = kernel.reduction === undefined ? [] : [...s.outer, ...s.outputs];
  const apart = (a: Access, v: number, stores: boolean): number => {
    const crossing = kernel.reduction === undefined ? crossingOf(s, a, v, stores) : undefined;
    return crossing === undefined ? 1.5 : (crossing.shuffles + 1) / crossing.lanes;
  };
  const access = (a: Access, v: number | undefined, width: number): number => {
    const c = v === undefined ? 0 : a.form.coefficients[v]!;
    return c === 1 ? 1 / width : c === 0 ? (v === undefined ? 1 : 0.3 / width) : apart(a, v!, false);
  };
  const store = (a: Access, v: number | undefined, width: number): number =>
    v !== undefined && a.form.coefficients[v] !== 1 ? apart(a, v, true) : access(a, v, width);
  const cost = (v: number | undefined): number => {
    if (v === undefined) return s.operations + perIteration.length + perResult.length / repeats;
    const { size, kind } = kernel.loops[v]!;
    const width = size / registersFor(size, Math.min(lanes, size));
    const body = s.operations / width;
    if (kind === 'reduction') {
      const joined = kernel.reduction!.inits.every((_, i) => combinerOf(kernel.reduction!, i) !== undefined);
      if (!joined || size < lanes) return Infinity;
      return (
        body +
        sum(perIteration.map((a) => access(a, v, width))) +
        (perResult.length + 2 * Math.log2(lanes)) / repeats
      );
    }
    const stores = kernel.reduction === undefined ? s.outputs : [];
    const loads = kernel.reduction === undefined ? s.outer : s.inner;
    const results =
      kernel.reduction === undefined
        ? 0
        : sum(s.outer.map((a) => access(a, v, width))) + sum(s.outputs.map((a) => store(a, v, width)));
    return (
      body +
      sum(loads.map((a) => access(a, v, width))) +
      sum(stores.map((a) => store(a, v, width))) +
      results / repeats
    );
  };
  let best: number | undefined;
  let least = cost(undefined);
  for (const v of [...s.parallel, ...s.reductions].reverse()) {
    if (kernel.loops[v]!.size < 2) continue;
    const c = cost(v);
    if (c < least - 1e-9) {
      least = c;
      best = v;
    }
  }
  return best;
}

/** Lanes for a loop that may be shorter than a register. */
const lanesFor = (size: number, lanes: number): number => Math.min(lanes, 2 ** Math.floor(Math.log2(size)));

type Base = Pick<Schedule, 'loops' | 'sizes'>;

/** Bytes that the kernel's loops read and write, each operand at most once as a whole. */
function bytesMoved({ kernel, inner, outer, outputs }: KernelShape): number {
  const sizes = kernel.loops.map((l) => l.size);
  const whole = (type: types.Type | undefined): number =>
    type !== undefined && t.isShaped(type) ? (t.byteSize(type) ?? Infinity) : Infinity;
  const read = new Map<number, number>();
  for (const a of [...inner, ...outer])
    read.set(a.operand, (read.get(a.operand) ?? 0) + a.bytes * footprint(a.form, sizes));
  const { operands, results } = kernel.region;
  return (
    sum([...read].map(([operand, bytes]) => Math.min(bytes, whole(operands[operand]?.type)))) +
    sum(outputs.map((a) => Math.min(a.bytes * footprint(a.form, sizes), whole(results[a.operand]?.type))))
  );
}
function predict(
  cycles: number,
  bound: Bound,
  shape: KernelShape,
  target: Target,
): NonNullable<Schedule['prediction']> {
  const perCycle = 2 * core.arithmetic * (target.vectorBytes / 4);
  const compute = cycles / (target.gflops / perCycle);
  const memory = bytesMoved(shape) / target.gbytes;
  return memory > compute ? { nanoseconds: memory, bound: 'memory' } : { nanoseconds: compute, bound };
}

/** A reduction whose results lie along the lanes: contractions, convolutions, pooling. */
function contraction(s: KernelShape, base: Base, vector: number | undefined, target: Target): Schedule {
  const lanes = vector === undefined ? 1 : lanesFor(base.sizes[vector]!, s.lanes);
  const tile = bestTile(s, vector, lanes, target);
  const rows = tile.rows.map((r) => r.loop);
  const cells = product(tile.rows.map((r) => r.extent)) * tile.registers;
  const tiles = base.sizes.map((size, l) => {
    if (l === vector) return Math.min(size, tile.registers * lanes);
    return tile.rows.find((r) => r.loop === l)?.extent ?? 1;
  });
  unrollReductions(s, tiles, rows, cells);
  const others = s.parallel.filter((l) => l !== vector && !rows.includes(l));
  const along = s.inner.filter((a) => vector !== undefined && a.form.coefficients[vector] !== 0);
  const across = s.inner.filter((a) => vector === undefined || a.form.coefficients[vector] === 0);
  // Loops over panels of weights (like the vector loop), over rows (like the unrolled one), and over both.
  const panels = others.filter((l) => across.length > 0 && across.every((a) => a.form.coefficients[l] === 0));
  const weights = sum(
    along
      .filter((a) => rows.every((l) => a.form.coefficients[l] === 0))
      .map((a) => a.bytes * footprint(a.form, base.sizes)),
  );
  const vectorOutside = vector !== undefined && across.length > 0 && weights > target.l2 / 2;
  const rest = others.filter((l) => !panels.includes(l));
  const wide = [...panels, ...(vector === undefined ? [] : [vector])];
  const parallel = vectorOutside ? [...wide, ...rest, ...rows] : [...rest, ...wide, ...rows];
  const block = chooseBlocks(
    s,
    { parallel, outside: vectorOutside ? wide : [], wide, rows, tiles, cycles: tile.cycles },
    target,
  );
  const prediction = predict(tile.cycles, tile.bound, s, target);
  const order = [...parallel, ...s.reductions];
  const streamed = weights > target.l2 && flowsOn(s, tiles, vector, lanes);
  return {
    ...base,
    block,
    tile: tiles,
    order,
    vector,
    lanes,
    ...(streamed ? { ahead: bytesAhead } : {}),
    prediction,
  };
}

/** A page of bytes: what the processor itself asks for ahead does not go over its end. */
const bytesAhead = 4096;
/** Whether what lies along the lanes is read without gaps as the innermost reduction goes on. */
function flowsOn(
  s: KernelShape,
  tiles: readonly number[],
  vector: number | undefined,
  lanes: number,
): boolean {
  const { kernel } = s;
  const inner = [...s.reductions].reverse().find((l) => tiles[l] !== kernel.loops[l]!.size);
  if (vector === undefined || inner === undefined || lanes === 1) return false;
  const unrolled = volume(
    s,
    s.reductions.filter((l) => l !== inner && tiles[l] === kernel.loops[l]!.size),
  );
  return s.inner.some(
    ({ form: { coefficients: c } }) => c[vector] === 1 && c[inner] === tiles[vector]! * unrolled,
  );
}

/** A loop of the kernel whose weights are better stored in panels of `width` of its iterations. */
export interface Panel {
  readonly loop: number;
  readonly width: number;
}
/**
 * How weights of a contraction are best laid out: panels as wide as the register tile, each contiguous in the order in
 * which it is read. Undefined where one tile covers the loop or none divides it.
 */
export function choosePanel(kernel: Kernel, target: Target): Panel | undefined {
  const s = describeKernel(kernel, target);
  const loop = chooseVector(s);
  if (kernel.reduction === undefined || loop === undefined || kernel.loops[loop]!.kind === 'reduction')
    return undefined;
  const { size } = kernel.loops[loop]!;
  const lanes = lanesFor(size, s.lanes);
  const tile = bestTile(s, loop, lanes, target, (registers) => size % (registers * lanes) === 0);
  const width = tile.registers * lanes;
  return width < size && size % width === 0 ? { loop, width } : undefined;
}

/** Sets the tile of reductions to unroll: those that padding needs, then short inner ones while the body stays small. */
function unrollReductions(s: KernelShape, tiles: number[], rows: readonly number[], cells: number): void {
  let unrolled = cells;
  const unroll = (l: number): void => {
    tiles[l] = s.kernel.loops[l]!.size;
    unrolled *= tiles[l];
  };
  for (const l of new Set(rows.flatMap((r) => tapLoops(s, r)))) unroll(l);
  const clamped = new Set(s.parallel.flatMap((p) => (tiles[p] === 1 ? tapLoops(s, p) : [])));
  for (const l of [...s.reductions].reverse()) {
    const { size } = s.kernel.loops[l]!;
    if (tiles[l] === size || clamped.has(l) || size > 8 || unrolled * size > maxUnrolled) continue;
    unroll(l);
  }
}

interface BlockInput {
  /** Parallel loops from the outermost to the innermost. */
  readonly parallel: readonly number[];
  /** Those that are divided first and finely: each unit keeps its part in cache while it goes over the rest. */
  readonly outside: readonly number[];
  /** Loops over weights: divided last, as each unit would read the rows again. */
  readonly wide: readonly number[];
  /** Unrolled loops, innermost in the unit. */
  readonly rows: readonly number[];
  readonly tiles: readonly number[];
  readonly cycles: number;
}
/** How parallel loops are divided into units: enough of them for the threads, each with data that stays in cache. */
function chooseBlocks(s: KernelShape, input: BlockInput, target: Target): number[] {
  const { parallel, outside, wide, rows, tiles, cycles } = input;
  const [row] = rows;
  const sizes = s.kernel.loops.map((l) => l.size);
  const block = sizes.map(() => 0);
  // A unit should be worth starting; the rest is for balance among threads.
  const most = Math.max(1, Math.floor(cycles / 6_000));
  const wanted = Math.min(most, 8 * target.threads);
  let units = 1;
  const divide = (l: number, size: number): void => {
    block[l] = size;
    units *= Math.ceil(sizes[l]! / size);
  };
  for (const l of outside) divide(l, tiles[l]!);
  for (const l of parallel) {
    if (wide.includes(l) || rows.includes(l) || units >= wanted) continue;
    divide(l, Math.max(1, Math.floor(sizes[l]! / Math.ceil((4 * wanted) / units))));
  }
  if (
    row !== undefined &&
    units < wanted &&
    parallel.every((l) => rows.includes(l) || wide.includes(l) || block[l] === 0) &&
    tapLoops(s, row).length === 0
  ) {
    // Rows that stay in the second-level cache while the weights go over them.
    const perRow = sum(
      s.inner
        .filter((a) => a.form.coefficients[row] !== 0)
        .map(
          (a) =>
            a.bytes *
            footprint(
              a.form,
              sizes.map((n, l) => (l === row || wide.includes(l) ? 1 : n)),
            ),
        ),
    );
    const resident = Math.max(1, Math.floor(target.l2 / 4 / Math.max(1, perRow * tiles[row]!)));
    const perUnit = Math.max(
      1,
      Math.floor(sizes[row]! / tiles[row]! / Math.max(1, Math.ceil(wanted / units))),
    );
    const size = tiles[row]! * Math.min(resident, perUnit);
    if (size < sizes[row]!) divide(row, size);
  }
  for (const l of wide) {
    if (block[l] !== 0 || units >= wanted) continue;
    const count = Math.ceil(sizes[l]! / tiles[l]!);
    const perUnit = Math.max(1, Math.floor(count / Math.ceil(wanted / units)));
    if (count > perUnit) divide(l, tiles[l]! * perUnit);
  }
  return block;
}

/** Registers of a block that is transposed: more would not fit beside what they become. */
const mostTransposed = 16;

/** How reads or writes whose lanes are apart in memory become vectors: with which loop, and how. */
interface Crossing {
  readonly loop: number;
  readonly kind: 'interleave' | 'transpose';
  /** Shuffles for each register. */
  readonly shuffles: number;
  readonly lanes: number;
}
/** Whether all lanes of iterations of a loop may be read at any of them. */
const isOpen = (s: KernelShape, loop: number): boolean =>
  s.guards.every((g) => g.form.coefficients[loop] === 0);

/** How an access that is apart along `vector` becomes vectors; undefined where each lane moves by itself. */
function crossingOf(s: KernelShape, { form }: Access, vector: number, stores: boolean): Crossing | undefined {
  const { loops } = s.kernel;
  const step = form.coefficients[vector]!;
  if (step < 2) return undefined;
  const loop = s.parallel.find((l) => l !== vector && form.coefficients[l] === 1 && isOpen(s, l));
  if (loop === undefined) return undefined;
  const { size } = loops[loop]!;
  const along = lanesFor(loops[vector]!.size, s.lanes);
  if (size === step && step <= mostInterleaved)
    return along < 4 ? undefined : { loop, kind: 'interleave', shuffles: step - 1, lanes: along };
  const lanes = Math.min(along, mostTransposed, lanesFor(size, s.lanes));
  return stores || lanes < 4 ? undefined : { loop, kind: 'transpose', shuffles: Math.log2(lanes), lanes };
}

const crossingsOf = (s: KernelShape, vector: number): readonly Crossing[] => [
  ...s.outputs.flatMap((a) => crossingOf(s, a, vector, true) ?? []),
  ...s.outer.flatMap((a) => crossingOf(s, a, vector, false) ?? []),
];

/** No reduction, and what is read or written lies across the lanes: tiles of two loops, rearranged in registers. */
function crossed(
  s: KernelShape,
  base: Base,
  vector: number,
  { loop, kind, shuffles, lanes }: Crossing,
  target: Target,
): Schedule {
  const extent = kind === 'transpose' ? lanes : base.sizes[loop]!;
  const tiles = base.sizes.map((_, l) => (l === vector ? lanes : l === loop ? extent : 1));
  const parallel = [...s.parallel.filter((l) => l !== vector && l !== loop), vector, loop];
  const registers = volume(s, s.parallel) / lanes;
  const cycles = registers * (shuffles + s.outer.length + s.outputs.length);
  const block = chooseBlocks(
    s,
    { parallel, outside: [], wide: [vector], rows: [loop], tiles, cycles },
    target,
  );
  const prediction = predict(cycles, 'loads', s, target);
  return { ...base, block, tile: tiles, order: parallel, vector, lanes, prediction };
}

/** No reduction: elementwise ops, copies, transposes. */
function elementwise(s: KernelShape, base: Base, vector: number | undefined, target: Target): Schedule {
  const crossing = vector === undefined ? undefined : crossingsOf(s, vector)[0];
  if (crossing !== undefined) return crossed(s, base, vector!, crossing, target);
  const lanes = vector === undefined ? 1 : lanesFor(base.sizes[vector]!, s.lanes);
  const straight = [...s.outer, ...s.outputs].every(
    (a) => vector !== undefined && (a.form.coefficients[vector] === 1 || a.form.coefficients[vector] === 0),
  );
  const guarded = s.guards.length > 0;
  // Several registers of each value where all of them fit.
  const values = s.outer.length + s.outputs.length;
  const unrolled =
    straight && !guarded ? Math.max(1, Math.min(4, Math.floor(target.registers / (2 * values)))) : 1;
  const tiles = base.sizes.map((size, l) => (l === vector ? Math.min(size, lanes * unrolled) : 1));
  const parallel = [...s.parallel.filter((l) => l !== vector), ...(vector === undefined ? [] : [vector])];
  const registers = volume(s, s.parallel) / lanes;
  const cycles = registers * (s.outer.length + s.outputs.length + 2) * (straight ? 0.5 : 0.5 * lanes);
  const block = chooseBlocks(
    s,
    { parallel, outside: [], wide: vector === undefined ? [] : [vector], rows: [], tiles, cycles },
    target,
  );
  return {
    ...base,
    block,
    tile: tiles,
    order: parallel,
    vector,
    lanes,
    prediction: predict(cycles, 'loads', s, target),
  };
}

/** A reduction along the lanes: row sums, norms, dot products. */
function alongReduction(s: KernelShape, base: Base, vector: number, target: Target): Schedule {
  const size = base.sizes[vector]!;
  const { lanes } = s;
  const reused = s.parallel.find(
    (l) => s.inner.some((a) => a.form.coefficients[l] === 0) && base.sizes[l]! > 1 && canUnroll(s, l),
  );
  const parts = Math.min(reused === undefined ? 4 : 2, Math.max(1, Math.floor(size / lanes)));
  const extent = reused === undefined ? 1 : Math.min(4, base.sizes[reused]!);
  const tiles = base.sizes.map((_, l) => (l === vector ? parts * lanes : l === reused ? extent : 1));
  const cells = parts * extent;
  const perStep = Math.max(
    (cells * s.operations) / core.arithmetic,
    (s.inner.length * cells) / core.loads,
    core.latency,
  );
  const steps = (volume(s, s.reductions) / (lanes * parts)) * (volume(s, s.parallel) / extent);
  const cycles = steps * perStep + volume(s, s.parallel) * 20;
  const parallel = [...s.parallel.filter((l) => l !== reused), ...(reused === undefined ? [] : [reused])];
  const block = chooseBlocks(
    s,
    { parallel, outside: [], wide: [], rows: reused === undefined ? [] : [reused], tiles, cycles },
    target,
  );
  const order = [...parallel, ...s.reductions.filter((l) => l !== vector), vector];
  return {
    ...base,
    block,
    tile: tiles,
    order,
    vector,
    lanes,
    prediction: predict(cycles, 'loads', s, target),
  };
}
