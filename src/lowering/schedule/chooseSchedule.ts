/**
 * Chooses a schedule for a kernel by an analytic model of one core: vector lanes, registers, load and multiply-add
 * throughput, latency, caches and bandwidth. The model compares register tiles; blocks follow from caches and threads.
 */
import { types as t } from '../../ir';
import { combinerOf, paddingIsNeutral } from '../loops/combiner';
import type { Expression } from '../loops/expression';
import { visitExpression } from '../loops/expression';
import { kernelGuards } from '../loops/kernelGuards';
import type { LinearForm } from '../loops/linearForm';
import { formKey } from '../loops/linearForm';
import type { Kernel } from '../loops/readDispatch';
import type { Bound, Schedule } from './schedule';
import type { Target } from './target';

/** Instructions of each kind that a core starts per cycle, and cycles until a multiply-add is done. */
const core = { arithmetic: 2, loads: 2, latency: 4 };
/** Bytes per cycle that the second-level cache gives while arithmetic goes on. */
const streamBytes = 24;
/** Register cells times unrolled taps: the most scalar bodies that one inner loop is unrolled to. */
const maxUnrolled = 320;

interface Access {
  readonly form: LinearForm;
  readonly bytes: number;
}
/** What the model needs to know about a kernel. */
interface Shape {
  readonly kernel: Kernel;
  readonly parallel: readonly number[];
  readonly reductions: readonly number[];
  /** Read once per iteration of all loops. */
  readonly inner: readonly Access[];
  /** Read or written once per result. */
  readonly outer: readonly Access[];
  readonly outputs: readonly Access[];
  /** Vector instructions of the body per iteration. */
  readonly operations: number;
  readonly lanes: number;
}

/** The schedule for a kernel with simplified loops. Deterministic. */
export function chooseSchedule(kernel: Kernel, target: Target): Schedule {
  const shape = describe(kernel, target);
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

function loadsOf(e: Expression | undefined, into: Map<string, Access>): void {
  if (e === undefined) return;
  visitExpression(e, (x) => {
    if (x.kind === 'load')
      into.set(`${x.operand}:${formKey(x.form)}`, { form: x.form, bytes: t.storageBytes(x.type) });
  });
}
function describe(kernel: Kernel, target: Target): Shape {
  const inner = new Map<string, Access>();
  const outer = new Map<string, Access>();
  kernel.reduction?.inputs.forEach((i) => {
    loadsOf(i, inner);
  });
  kernel.reduction?.inits.forEach((i) => {
    loadsOf(i, outer);
  });
  kernel.outputs.forEach((o) => {
    loadsOf(o.value, outer);
  });
  const outputs = kernel.outputs.map((o): Access => ({
    form: o.form,
    bytes: t.storageBytes(o.type.element),
  }));
  const widest = Math.max(1, ...[...inner.values(), ...outer.values(), ...outputs].map((a) => a.bytes));
  const arithmetic =
    kernel.reduction?.op.body().ops.filter((op) => op.dialect === 'arith' || op.dialect === 'math').length ??
    1;
  const fused =
    target.fma && kernel.reduction?.op.body().ops.some((op) => op.name === 'arith.mulf') === true ? 1 : 0;
  const kinds = kernel.loops.map((l) => l.kind);
  return {
    kernel,
    parallel: kinds.flatMap((k, i) => (k === 'parallel' ? [i] : [])),
    reductions: kinds.flatMap((k, i) => (k === 'reduction' ? [i] : [])),
    inner: [...inner.values()],
    outer: [...outer.values()],
    outputs,
    operations: Math.max(1, arithmetic - fused),
    lanes: Math.max(1, 2 ** Math.floor(Math.log2(target.vectorBytes / widest))),
  };
}
const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
const volume = (s: Shape, loops: readonly number[]): number =>
  product(loops.map((l) => s.kernel.loops[l]!.size));

/** Registers that `count` elements take. */
function registersFor(count: number, lanes: number): number {
  let n = Math.floor(count / lanes);
  for (let rest = count % lanes; rest > 0; rest &= rest - 1) n++;
  return n;
}

/** The loop that runs along vector lanes: the one that makes memory accesses and arithmetic cheapest per iteration. */
function chooseVector(s: Shape): number | undefined {
  const { kernel, lanes } = s;
  if (lanes === 1) return undefined;
  const repeats = Math.max(1, volume(s, s.reductions));
  const perIteration = kernel.reduction === undefined ? [...s.outer, ...s.outputs] : s.inner;
  const perResult = kernel.reduction === undefined ? [] : [...s.outer, ...s.outputs];
  const access = (a: Access, v: number | undefined, width: number): number => {
    const c = v === undefined ? 0 : a.form.coefficients[v]!;
    return c === 1 ? 1 / width : c === 0 ? (v === undefined ? 1 : 0.3 / width) : 1.5;
  };
  const store = (a: Access, v: number | undefined, width: number): number =>
    v !== undefined && a.form.coefficients[v] !== 1 ? 1.5 : access(a, v, width);
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
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/** Lanes for a loop that may be shorter than a register. */
const lanesFor = (size: number, lanes: number): number => Math.min(lanes, 2 ** Math.floor(Math.log2(size)));

type Base = Pick<Schedule, 'loops' | 'sizes'>;

function bytesMoved(kernel: Kernel): number {
  const shaped = [...kernel.region.operands, ...kernel.region.results].map((v) => v.type);
  return sum(shaped.map((x) => (t.isShaped(x) ? (t.byteSize(x) ?? 0) : 0)));
}
function predict(
  cycles: number,
  bound: Bound,
  kernel: Kernel,
  target: Target,
): NonNullable<Schedule['prediction']> {
  const perCycle = 2 * core.arithmetic * (target.vectorBytes / 4);
  const compute = cycles / (target.gflops / perCycle);
  const memory = bytesMoved(kernel) / target.gbytes;
  return memory > compute ? { nanoseconds: memory, bound: 'memory' } : { nanoseconds: compute, bound };
}

interface Tile {
  /** The parallel loop that is unrolled besides the vector loop. */
  readonly rows: number | undefined;
  readonly extent: number;
  /** Registers along the vector loop. */
  readonly registers: number;
  readonly cycles: number;
  readonly bound: Bound;
}

/** A reduction whose results lie along the lanes: contractions, convolutions, pooling. */
function contraction(s: Shape, base: Base, vector: number | undefined, target: Target): Schedule {
  const { kernel } = s;
  const lanes = vector === undefined ? 1 : lanesFor(base.sizes[vector]!, s.lanes);
  const tile = bestTile(s, vector, lanes, target) ?? oneCell(s);
  const { rows } = tile;
  const tiles = base.sizes.map((size, l) => {
    if (l === vector) return Math.min(size, tile.registers * lanes);
    return l === rows ? tile.extent : 1;
  });
  unrollReductions(s, tiles, rows, vector === undefined ? tile.extent : tile.extent * tile.registers);
  const others = s.parallel.filter((l) => l !== vector && l !== rows);
  const along = s.inner.filter((a) => vector !== undefined && a.form.coefficients[vector] !== 0);
  const across = s.inner.filter((a) => vector === undefined || a.form.coefficients[vector] === 0);
  // Loops over panels of weights (like the vector loop), over rows (like the unrolled one), and over both.
  const panels = others.filter((l) => across.length > 0 && across.every((a) => a.form.coefficients[l] === 0));
  const weights = sum(
    along
      .filter((a) => rows === undefined || a.form.coefficients[rows] === 0)
      .map((a) => a.bytes * footprint(a.form, base.sizes)),
  );
  const vectorOutside = vector !== undefined && across.length > 0 && weights > target.l2 / 2;
  const rest = others.filter((l) => !panels.includes(l));
  const wide = [...panels, ...(vector === undefined ? [] : [vector])];
  const inside = rows === undefined ? [] : [rows];
  const parallel = vectorOutside ? [...wide, ...rest, ...inside] : [...rest, ...wide, ...inside];
  const block = chooseBlocks(
    s,
    { parallel, outside: vectorOutside ? wide : [], wide, rows, tiles, cycles: tile.cycles },
    target,
  );
  const prediction = predict(tile.cycles, tile.bound, kernel, target);
  return { ...base, block, tile: tiles, order: [...parallel, ...s.reductions], vector, lanes, prediction };
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
  const s = describe(kernel, target);
  const loop = chooseVector(s);
  if (kernel.reduction === undefined || loop === undefined || kernel.loops[loop]!.kind === 'reduction')
    return undefined;
  const { size } = kernel.loops[loop]!;
  const lanes = lanesFor(size, s.lanes);
  const tile = bestTile(s, loop, lanes, target, (registers) => size % (registers * lanes) === 0);
  if (tile === undefined) return undefined;
  const width = tile.registers * lanes;
  return width < size ? { loop, width } : undefined;
}

/** Distinct elements that an access reads over all loops; strides do not matter. */
const footprint = (form: LinearForm, sizes: readonly number[]): number =>
  product(sizes.filter((_, l) => form.coefficients[l] !== 0));

/** The cheapest register tile; `allowed` says which numbers of registers along the vector loop may be. */
function bestTile(
  s: Shape,
  vector: number | undefined,
  lanes: number,
  target: Target,
  allowed: (registers: number) => boolean = () => true,
): Tile | undefined {
  const { kernel } = s;
  const sizes = kernel.loops.map((l) => l.size);
  const along = vector === undefined ? 1 : registersFor(sizes[vector]!, lanes);
  // Inner loops first: of equal tiles the one with its rows close together is better.
  const candidates = s.parallel
    .filter((l) => l !== vector && canUnroll(s, l) && sharesVector(s, l, vector))
    .reverse();
  const taps = volume(s, s.reductions);
  // All inputs lie along the lanes (depthwise, pooling): neighbouring rows share what their taps read.
  const shared = s.inner.every((a) => vector !== undefined && a.form.coefficients[vector] !== 0);
  let best: Tile | undefined;
  const rest = (rows: number | undefined): number =>
    product(s.parallel.filter((l) => l !== vector && l !== rows).map((l) => sizes[l]!));
  const consider = (rows: number | undefined, extent: number, registers: number): void => {
    const weights = s.inner.filter(
      (a) =>
        vector !== undefined &&
        a.form.coefficients[vector] !== 0 &&
        (rows === undefined || a.form.coefficients[rows] === 0),
    );
    // Registers for weights: of one tap, or of all taps of a row when taps share the other input.
    const taken =
      shared && rows !== undefined
        ? Math.min(mandatoryTaps(s, rows), 4) * registers + 2
        : extent === 1
          ? 1
          : Math.min(registers, 4);
    if (extent * registers + (weights.length > 0 ? taken : 1) + 1 > target.registers) return;
    if (rows !== undefined && extent * registers * mandatoryTaps(s, rows) > maxUnrolled) return;
    const rowsRead = (a: Access, r: number | undefined, count: number): number => {
      if (r === undefined || a.form.coefficients[r] === 0) return 1;
      return shared ? distinctRows(s, a, r, count) : count;
    };
    const one = (rowCount: number, regs: number): readonly [number, Bound] => {
      const arithmetic = (rowCount * regs * s.operations) / core.arithmetic;
      const loads =
        sum(
          s.inner.map(
            (a) =>
              (vector !== undefined && a.form.coefficients[vector] !== 0 ? regs : 1) *
              rowsRead(a, rows, rowCount),
          ),
        ) / core.loads;
      // A panel that the first-level cache does not hold comes from the second one each time.
      const panel = sum(weights.map((a) => a.bytes * lanes * regs));
      const stream = panel * taps > target.l1 / 2 ? panel / streamBytes : 0;
      const worst =
        Math.max(arithmetic, loads, stream, core.latency) *
        conflictPenalty(s, vector, rows, rowCount, target);
      return [
        worst + 0.5,
        arithmetic >= Math.max(loads, core.latency) ? 'compute' : loads >= core.latency ? 'loads' : 'latency',
      ];
    };
    const split = (total: number, part: number): readonly (readonly [number, number])[] => {
      const whole = Math.floor(total / part);
      return total % part === 0
        ? [[whole, part]]
        : [
            [whole, part],
            [1, total % part],
          ];
    };
    let cycles = 0;
    for (const [rowTiles, rowCount] of split(rows === undefined ? 1 : sizes[rows]!, extent)) {
      for (const [vectorTiles, regs] of split(along, registers)) {
        if (rowTiles * vectorTiles === 0) continue;
        // Start and end of a tile: initial values, epilogue and stores.
        const edge = rowCount * regs * (1 + s.outer.length + s.outputs.length) * 0.75 + 6;
        cycles += rowTiles * vectorTiles * (one(rowCount, regs)[0] * taps + edge);
      }
    }
    cycles *= rest(rows);
    if (best === undefined || cycles < best.cycles * 0.999)
      best = { rows, extent, registers, cycles, bound: one(extent, registers)[1] };
  };
  const widths = Array.from({ length: Math.min(along, 16) }, (_, i) => i + 1).filter(allowed);
  for (const registers of widths) {
    consider(undefined, 1, registers);
    for (const rows of candidates) {
      for (let extent = 2; extent <= Math.min(sizes[rows]!, target.registers); extent++)
        consider(rows, extent, registers);
    }
  }
  return best;
}
const oneCell = (s: Shape): Tile => ({
  rows: undefined,
  extent: 1,
  registers: 1,
  cycles: volume(s, s.parallel) * volume(s, s.reductions),
  bound: 'latency',
});

/** Whether rows of this loop can share what is loaded along the vector loop, or have nothing to share. */
function sharesVector(s: Shape, loop: number, vector: number | undefined): boolean {
  if (vector === undefined) return true;
  const along = s.inner.filter((a) => a.form.coefficients[vector] !== 0);
  return along.length === s.inner.length || along.some((a) => a.form.coefficients[loop] === 0);
}
/** Loads of an access per row and tap, when `rows` rows and all unrolled taps are in one body: places that taps share count once. */
function distinctRows(s: Shape, a: Access, rows: number, count: number): number {
  const taps = tapLoops(s, rows);
  const seen = new Set<number>();
  let offsets = [0];
  for (const l of taps)
    offsets = offsets.flatMap((o) =>
      Array.from({ length: s.kernel.loops[l]!.size }, (_, i) => o + i * a.form.coefficients[l]!),
    );
  for (const o of offsets) for (let r = 0; r < count; r++) seen.add(o + r * a.form.coefficients[rows]!);
  return seen.size / offsets.length;
}
/** How much slower the body gets because its rows fall into the same few sets of the first-level cache. */
function conflictPenalty(
  s: Shape,
  vector: number | undefined,
  rows: number | undefined,
  count: number,
  target: Target,
): number {
  if (rows === undefined) return 1;
  const page = 4096;
  const ways = target.l1 / page;
  return Math.max(
    1,
    ...s.inner.map((a) => {
      if (vector !== undefined && a.form.coefficients[vector] !== 0) return 1;
      const step = (a.form.coefficients[rows]! * a.bytes) % page;
      const sets = new Set(
        Array.from({ length: count }, (_, r) => Math.floor((r * step) / 64) % (page / 64)),
      );
      return a.form.coefficients[rows] !== 0 && count / sets.size > ways - 1 ? 1.5 : 1;
    }),
  );
}

/** Reduction loops that decide padding together with a parallel loop: unrolled when that loop is. */
function tapLoops(s: Shape, rows: number): readonly number[] {
  const guards = kernelGuards(s.kernel).filter((g) => g.form.coefficients[rows] !== 0);
  return s.reductions.filter((l) => guards.some((g) => g.form.coefficients[l] !== 0));
}
const mandatoryTaps = (s: Shape, rows: number): number => volume(s, tapLoops(s, rows));
/** Whether several iterations of the loop may be in one register tile. */
function canUnroll(s: Shape, loop: number): boolean {
  const { reduction } = s.kernel;
  const guards = kernelGuards(s.kernel).filter((g) => g.form.coefficients[loop] !== 0);
  if (guards.length === 0) return true;
  const neutral = new Set(
    reduction?.inputs.flatMap((input, i) =>
      input?.kind === 'guarded' && paddingIsNeutral(reduction, i, input.outside) ? input.guards : [],
    ),
  );
  return guards.every((g) => neutral.has(g)) && mandatoryTaps(s, loop) <= 16;
}

/** Sets the tile of reductions to unroll: those that padding needs, then short inner ones while the body stays small. */
function unrollReductions(s: Shape, tiles: number[], rows: number | undefined, cells: number): void {
  let unrolled = cells;
  const unroll = (l: number): void => {
    tiles[l] = s.kernel.loops[l]!.size;
    unrolled *= tiles[l];
  };
  if (rows !== undefined && tiles[rows]! > 1) for (const l of tapLoops(s, rows)) unroll(l);
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
  readonly rows: number | undefined;
  readonly tiles: readonly number[];
  readonly cycles: number;
}
/** How parallel loops are divided into units: enough of them for the threads, each with data that stays in cache. */
function chooseBlocks(s: Shape, input: BlockInput, target: Target): number[] {
  const { parallel, outside, wide, rows, tiles, cycles } = input;
  const sizes = s.kernel.loops.map((l) => l.size);
  const block = sizes.map(() => 0);
  // A unit should be worth starting; the rest is for balance among threads.
  const most = Math.max(1, Math.floor(cycles / 20_000));
  const wanted = Math.min(most, 8 * target.threads);
  let units = 1;
  const divide = (l: number, size: number): void => {
    block[l] = size;
    units *= Math.ceil(sizes[l]! / size);
  };
  for (const l of outside) divide(l, tiles[l]!);
  for (const l of parallel) {
    if (wide.includes(l) || l === rows || units >= wanted) continue;
    divide(l, Math.max(1, Math.floor(sizes[l]! / Math.ceil((4 * wanted) / units))));
  }
  if (
    rows !== undefined &&
    units < wanted &&
    parallel.every((l) => l === rows || wide.includes(l) || block[l] === 0) &&
    tapLoops(s, rows).length === 0
  ) {
    // Rows that stay in the second-level cache while the weights go over them.
    const perRow = sum(
      s.inner
        .filter((a) => a.form.coefficients[rows] !== 0)
        .map(
          (a) =>
            a.bytes *
            footprint(
              a.form,
              sizes.map((n, l) => (l === rows || wide.includes(l) ? 1 : n)),
            ),
        ),
    );
    const resident = Math.max(1, Math.floor(target.l2 / 4 / Math.max(1, perRow * tiles[rows]!)));
    const perUnit = Math.max(
      1,
      Math.floor(sizes[rows]! / tiles[rows]! / Math.max(1, Math.ceil(wanted / units))),
    );
    const size = tiles[rows]! * Math.min(resident, perUnit);
    if (size < sizes[rows]!) divide(rows, size);
  }
  for (const l of wide) {
    if (block[l] !== 0 || units >= wanted) continue;
    const count = Math.ceil(sizes[l]! / tiles[l]!);
    const perUnit = Math.max(1, Math.floor(count / Math.ceil(wanted / units)));
    if (count > perUnit) divide(l, tiles[l]! * perUnit);
  }
  return block;
}

/** No reduction: elementwise ops, copies, transposes. */
function elementwise(s: Shape, base: Base, vector: number | undefined, target: Target): Schedule {
  const lanes = vector === undefined ? 1 : lanesFor(base.sizes[vector]!, s.lanes);
  const straight = [...s.outer, ...s.outputs].every(
    (a) => vector !== undefined && (a.form.coefficients[vector] === 1 || a.form.coefficients[vector] === 0),
  );
  const guarded = kernelGuards(s.kernel).length > 0;
  const tiles = base.sizes.map((size, l) =>
    l === vector ? Math.min(size, lanes * (straight && !guarded ? 4 : 1)) : 1,
  );
  const parallel = [...s.parallel.filter((l) => l !== vector), ...(vector === undefined ? [] : [vector])];
  const registers = volume(s, s.parallel) / lanes;
  const cycles = registers * (s.outer.length + s.outputs.length + 2) * (straight ? 0.5 : 0.5 * lanes);
  const block = chooseBlocks(
    s,
    { parallel, outside: [], wide: vector === undefined ? [] : [vector], rows: undefined, tiles, cycles },
    target,
  );
  return {
    ...base,
    block,
    tile: tiles,
    order: parallel,
    vector,
    lanes,
    prediction: predict(cycles, 'loads', s.kernel, target),
  };
}

/** A reduction along the lanes: row sums, norms, dot products. */
function alongReduction(s: Shape, base: Base, vector: number, target: Target): Schedule {
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
  const block = chooseBlocks(s, { parallel, outside: [], wide: [], rows: reused, tiles, cycles }, target);
  const order = [...parallel, ...s.reductions.filter((l) => l !== vector), vector];
  return {
    ...base,
    block,
    tile: tiles,
    order,
    vector,
    lanes,
    prediction: predict(cycles, 'loads', s.kernel, target),
  };
}
