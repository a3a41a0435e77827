/**
 * Places buffers with known lifetimes in one block of memory. Used by plan-arena; `arenaProblem` checks a plan
 * independently of how it was made.
 */

/** A buffer that is alive from position `begin` to position `end` of a program, both inclusive. */
export interface ArenaBuffer {
  readonly bytes: number;
  readonly begin: number;
  readonly end: number;
}
export interface ArenaPlan {
  /** In bytes, one per buffer. */
  readonly offsets: readonly number[];
  /** Size of the arena in bytes. */
  readonly bytes: number;
}

/** Buffers begin at multiples of this, so that vectors do not cross cache lines. */
export const arenaAlignment = 64;

const align = (n: number): number => Math.ceil(n / arenaAlignment) * arenaAlignment;
const together = (a: ArenaBuffer, b: ArenaBuffer): boolean => a.begin <= b.end && b.begin <= a.end;

/**
 * Largest buffers first, each in the smallest gap between buffers alive at the same time that it fits into. The same
 * buffers always get the same places.
 */
export function planBuffers(buffers: readonly ArenaBuffer[]): ArenaPlan {
  const order = buffers
    .map((_, i) => i)
    .sort((a, b) => buffers[b]!.bytes - buffers[a]!.bytes || buffers[a]!.begin - buffers[b]!.begin || a - b);
  const offsets = new Array<number>(buffers.length).fill(0);
  const placed: number[] = [];
  let total = 0;
  for (const i of order) {
    const size = align(buffers[i]!.bytes);
    if (size === 0) continue;
    const taken = placed
      .filter((j) => together(buffers[i]!, buffers[j]!))
      .map((j): readonly [number, number] => [offsets[j]!, offsets[j]! + align(buffers[j]!.bytes)])
      .sort((a, b) => a[0] - b[0]);
    offsets[i] = bestGap(taken, size);
    total = Math.max(total, offsets[i] + size);
    placed.push(i);
  }
  return { offsets, bytes: total };
}
/** Start of the smallest gap between `taken` ranges (sorted, possibly overlapping) that holds `size`; after all of them if none does. */
function bestGap(taken: readonly (readonly [number, number])[], size: number): number {
  let best: number | undefined;
  let least = Infinity;
  let at = 0;
  for (const [from, to] of taken) {
    const gap = from - at;
    if (gap >= size && gap < least) {
      least = gap;
      best = at;
    }
    at = Math.max(at, to);
  }
  return best ?? at;
}

/** What is wrong with a plan: buffers that share bytes while both are alive, misplaced or outside ones. */
export function arenaProblem(buffers: readonly ArenaBuffer[], plan: ArenaPlan): string | undefined {
  for (const [i, a] of buffers.entries()) {
    const from = plan.offsets[i];
    if (from === undefined || from < 0 || from % arenaAlignment !== 0)
      return `buffer ${i} is at ${from}, which is no multiple of ${arenaAlignment}`;
    if (from + a.bytes > plan.bytes)
      return `buffer ${i} ends at ${from + a.bytes}, the arena at ${plan.bytes}`;
    for (let j = 0; j < i; j++) {
      const b = buffers[j]!;
      const other = plan.offsets[j]!;
      if (together(a, b) && from < other + b.bytes && other < from + a.bytes)
        return `buffers ${j} and ${i} are alive together and share bytes`;
    }
  }
  return undefined;
}
