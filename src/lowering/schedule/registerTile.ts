/**
 * The register tile of a reduction: how many iterations of which parallel loops are in registers at once. Compares
 * all that fit by the cycles that they take according to throughput, latency and caches of one core.
 */
import type { Access, KernelShape } from './kernelShape';
import { canUnroll, footprint, product, registersFor, sum, tapLoops, volume } from './kernelShape';
import type { Bound } from './schedule';
import type { Target } from './target';

/** Instructions of each kind that a core starts per cycle, and cycles until a multiply-add is done. */
export const core = { arithmetic: 2, loads: 2, latency: 4 };
/** Bytes per cycle that the second-level cache gives while arithmetic goes on. */
const streamBytes = 24;
/** Share of the arithmetic that goes on while weights come from memory. */
const overlapped = 0.8;
/** Register cells times unrolled taps: the most scalar bodies that one inner loop is unrolled to. */
export const maxUnrolled = 320;

/** An unrolled parallel loop. */
export interface Rows {
  readonly loop: number;
  readonly extent: number;
}
export interface RegisterTile {
  /** Parallel loops that are unrolled besides the vector loop, the outer one first. */
  readonly rows: readonly Rows[];
  /** Registers along the vector loop. */
  readonly registers: number;
  /** Of the whole kernel. */
  readonly cycles: number;
  readonly bound: Bound;
}

/** The cheapest register tile; `allowed` says which numbers of registers along the vector loop may be. */
export function bestTile(
  s: KernelShape,
  vector: number | undefined,
  lanes: number,
  target: Target,
  allowed: (registers: number) => boolean = () => true,
): RegisterTile {
  const model = new TileModel(s, vector, lanes, target);
  let best = model.tile([], 1);
  const consider = (rows: readonly Rows[], registers: number): void => {
    if (!model.fits(rows, registers)) return;
    const tile = model.tile(rows, registers);
    if (tile.cycles < best.cycles * 0.999) best = tile;
  };
  const { loops } = s.kernel;
  const sizeOf = (l: number): number => loops[l]!.size;
  // Inner loops first: of equal tiles the one with its rows close together is better.
  const candidates = s.parallel
    .filter((l) => l !== vector && canUnroll(s, l) && model.sharesVector(l))
    .reverse();
  for (let registers = 1; registers <= Math.min(model.along, 16); registers++) {
    if (!allowed(registers)) continue;
    consider([], registers);
    for (const loop of candidates) {
      for (let extent = 2; extent <= Math.min(sizeOf(loop), target.registers); extent++) {
        consider([{ loop, extent }], registers);
        if (extent < sizeOf(loop) || model.shared) continue;
        // A short loop is in registers as a whole: so can some iterations of the one around it.
        for (const outer of candidates) {
          if (outer >= loop) continue;
          for (let more = 2; more <= Math.min(sizeOf(outer), Math.floor(target.registers / extent)); more++) {
            consider(
              [
                { loop: outer, extent: more },
                { loop, extent },
              ],
              registers,
            );
          }
        }
      }
    }
  }
  return best;
}

class TileModel {
  /** Registers that the vector loop takes as a whole. */
  readonly along: number;
  /** All inputs lie along the lanes (depthwise, pooling): neighbouring rows share what their taps read. */
  readonly shared: boolean;
  readonly #taps: number;

  constructor(
    readonly s: KernelShape,
    readonly vector: number | undefined,
    readonly lanes: number,
    readonly target: Target,
  ) {
    this.along = vector === undefined ? 1 : registersFor(s.kernel.loops[vector]!.size, lanes);
    this.shared = s.inner.every((a) => this.#isAlong(a));
    this.#taps = volume(s, s.reductions);
  }
  #isAlong(a: Access): boolean {
    return this.vector !== undefined && a.form.coefficients[this.vector] !== 0;
  }
  /** Whether rows of this loop can share what is loaded along the vector loop, or have nothing to share. */
  sharesVector(loop: number): boolean {
    const along = this.s.inner.filter((a) => this.#isAlong(a));
    return along.length === 0 || this.shared || along.some((a) => a.form.coefficients[loop] === 0);
  }
  /** Taps of the filter that must be unrolled with these rows. */
  #unrolledTaps(rows: readonly Rows[]): number {
    return volume(this.s, [...new Set(rows.flatMap((r) => tapLoops(this.s, r.loop)))]);
  }
  #weights(rows: readonly Rows[]): readonly Access[] {
    return this.s.inner.filter(
      (a) => this.#isAlong(a) && rows.every((r) => a.form.coefficients[r.loop] === 0),
    );
  }

  fits(rows: readonly Rows[], registers: number): boolean {
    const cells = product(rows.map((r) => r.extent)) * registers;
    const taps = this.#unrolledTaps(rows);
    let weights = 1;
    if (this.#weights(rows).length > 0) {
      // Of one tap, or of all taps of a row when taps share the other input.
      if (this.shared && rows.length > 0) weights = Math.min(taps, 4) * registers + 2;
      else if (rows.length > 0) weights = Math.min(registers, 4);
    }
    return cells + weights + 1 <= this.target.registers && cells * taps <= maxUnrolled;
  }

  /** The tile with the cycles of the whole kernel. */
  tile(rows: readonly Rows[], registers: number): RegisterTile {
    const { s } = this;
    const { loops } = s.kernel;
    const unrolled = new Set([this.vector, ...rows.map((r) => r.loop)]);
    const outside = product(s.parallel.filter((l) => !unrolled.has(l)).map((l) => loops[l]!.size));
    let cycles = 0;
    // Whole tiles, and shorter ones at the ends of loops.
    const visit = (depth: number, count: number, extents: readonly Rows[]): void => {
      const r = rows[depth];
      if (r !== undefined) {
        for (const [tiles, extent] of split(loops[r.loop]!.size, r.extent))
          visit(depth + 1, count * tiles, [...extents, { loop: r.loop, extent }]);
        return;
      }
      for (const [tiles, regs] of split(this.along, registers)) {
        const cells = product(extents.map((x) => x.extent)) * regs;
        // Start and end of a tile: initial values, epilogue and stores.
        const ends = cells * (1 + s.outer.length + s.outputs.length) * 0.75 + 6;
        cycles += count * tiles * (this.#perTap(extents, regs).cycles * this.#taps + ends);
      }
    };
    visit(0, outside, []);
    const waits = this.#waits(rows, registers);
    const bound = waits > cycles ? 'memory' : this.#perTap(rows, registers).bound;
    return { rows, registers, cycles: cycles + waits, bound };
  }

  /**
   * Cycles that the kernel waits for weights which no cache holds: of the rows that go over a panel, the first ones compute
   * while it comes from memory, and only they.
   */
  #waits(rows: readonly Rows[], registers: number): number {
    const { s, target } = this;
    const sizes = s.kernel.loops.map((l) => l.size);
    const perCycle = target.gbytes / (target.gflops / (2 * core.arithmetic * (target.vectorBytes / 4)));
    let cycles = 0;
    for (const a of this.#weights(rows)) {
      const elements = footprint(a.form, sizes);
      if (a.bytes * elements <= target.l2) continue;
      const perTap = this.lanes * registers;
      const wait = (a.bytes * perTap) / perCycle - overlapped * this.#perTap(rows, registers).cycles;
      cycles += (elements / perTap) * Math.max(0, wait);
    }
    return cycles;
  }

  /** Cycles of all cells of a tile for one iteration of the reductions, and what they are spent on. */
  #perTap(rows: readonly Rows[], registers: number): { readonly cycles: number; readonly bound: Bound } {
    const { s } = this;
    const cells = product(rows.map((r) => r.extent)) * registers;
    const arithmetic = (cells * s.operations) / core.arithmetic;
    const loads =
      sum(s.inner.map((a) => (this.#isAlong(a) ? registers : 1) * this.#rowsRead(a, rows))) / core.loads;
    // A panel that the first-level cache does not hold comes from the second one each time.
    const panel = sum(this.#weights(rows).map((a) => a.bytes * this.lanes * registers));
    const stream = panel * this.#taps > this.target.l1 / 2 ? panel / streamBytes : 0;
    const worst = Math.max(arithmetic, loads, stream, core.latency) * this.#conflicts(rows);
    const bound =
      arithmetic >= Math.max(loads, core.latency) ? 'compute' : loads >= core.latency ? 'loads' : 'latency';
    return { cycles: worst + 0.5, bound };
  }
  /** Places that an access reads per tap; those that several taps share count once when one body has them all. */
  #rowsRead(a: Access, rows: readonly Rows[]): number {
    const moving = rows.filter((r) => a.form.coefficients[r.loop] !== 0);
    if (!this.shared) return product(moving.map((r) => r.extent));
    const taps = [...new Set(rows.flatMap((r) => tapLoops(this.s, r.loop)))];
    const combine = (from: readonly number[], step: number, count: number): readonly number[] =>
      from.flatMap((o) => Array.from({ length: count }, (_, i) => o + i * step));
    let offsets: readonly number[] = [0];
    for (const l of taps) offsets = combine(offsets, a.form.coefficients[l]!, this.s.kernel.loops[l]!.size);
    const perTap = offsets.length;
    for (const r of moving) offsets = combine(offsets, a.form.coefficients[r.loop]!, r.extent);
    return new Set(offsets).size / perTap;
  }
  /** How much slower the body gets when its rows fall into the same few sets of the first-level cache. */
  #conflicts(rows: readonly Rows[]): number {
    const page = 4096;
    const line = 64;
    const ways = this.target.l1 / page;
    for (const a of this.s.inner) {
      if (this.#isAlong(a)) continue;
      const lines = new Set<number>([0]);
      for (const r of rows) {
        const step = a.form.coefficients[r.loop]! * a.bytes;
        for (const at of [...lines]) for (let i = 1; i < r.extent; i++) lines.add(at + i * step);
      }
      const places = new Set([...lines].map((at) => Math.floor(at / line)));
      const sets = new Set([...places].map((at) => at % (page / line)));
      if (places.size / sets.size > ways - 1) return 1.5;
    }
    return 1;
  }
}

/** Whole parts of `total` and what is left, as (how many, how long). */
function split(total: number, part: number): readonly (readonly [number, number])[] {
  const whole = Math.floor(total / part);
  const rest = total % part;
  const parts: (readonly [number, number])[] = whole > 0 ? [[whole, part]] : [];
  if (rest > 0) parts.push([1, rest]);
  return parts;
}
