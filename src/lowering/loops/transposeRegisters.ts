/**
 * Rearrangements of several registers by shuffles of two at a time: transposing a square block, interleaving, and its
 * inverse. Used for loads and stores whose lanes are apart in memory.
 */
import type { Value } from '../../ir';
import { types as t } from '../../ir';
import type { KernelEmitter } from './kernelEmitter';
import { lanesOf } from './kernelEmitter';

/** Bytes within which every processor can interleave two registers by one instruction. */
const blockBytes = 16;

/**
 * Column `j` of `rows` as result `j`; as many rows as lanes, a power of two. Blocks of 16 bytes are exchanged between
 * registers first, then rows of blocks are interleaved within them.
 */
export function transposeRegisters(emitter: KernelEmitter, rows: readonly Value[]): readonly Value[] {
  const lanes = rows.length;
  if (lanes === 1 || rows.some((r) => lanesOf(r) !== lanes))
    throw new RangeError(`${lanes} registers of ${rows.map(lanesOf).join(', ')} lanes are no square block`);
  const inBlock = Math.min(lanes, blockBytes / t.storageBytes(t.elementOf(rows[0]!.type)));
  const mask = (at: (lane: number) => number): number[] => Array.from({ length: lanes }, (_, l) => at(l));
  let current = rows;
  for (let d = lanes / 2; d >= inBlock; d /= 2) {
    const low = mask((l) => ((l & d) === 0 ? l : lanes + l - d));
    const high = mask((l) => ((l & d) === 0 ? l + d : lanes + l));
    const from = current;
    current = from.map((r, i) =>
      (i & d) === 0 ? emitter.shuffle(r, from[i + d]!, low) : emitter.shuffle(from[i - d]!, r, high),
    );
  }
  // Interleaving rows half a block apart, as often as a row of a block can be halved, brings each element to its column.
  const half = inBlock / 2;
  const interleaved = [0, 1].map((part) =>
    mask((l) => {
      const first = l - (l % inBlock);
      const k = (l % inBlock) + part * inBlock;
      return (k % 2) * lanes + first + Math.floor(k / 2);
    }),
  );
  for (let step = 1; step < inBlock; step *= 2) {
    const from = current;
    current = from.map((_, i) => {
      const upper = i - (i % inBlock) + Math.floor((i % inBlock) / 2);
      return emitter.shuffle(from[upper]!, from[upper + half]!, interleaved[i % 2]!);
    });
  }
  return current;
}

/** Registers that are interleaved at most: each result takes one shuffle per source but the first. */
export const mostInterleaved = 4;

/** Elements of several registers, counted through, in the order of `positions`; as many as one register has. */
function gathered(emitter: KernelEmitter, registers: readonly Value[], positions: readonly number[]): Value {
  const lanes = lanesOf(registers[0]!);
  const used = [...new Set(positions.map((p) => Math.floor(p / lanes)))];
  if (used.length === 1)
    return emitter.shuffle(
      registers[used[0]!]!,
      registers[used[0]!]!,
      positions.map((p) => p % lanes),
    );
  // The first two sources meet, then each further one puts in what it has.
  let known: readonly number[] = positions.map((p) => (Math.floor(p / lanes) === used[0] ? p % lanes : -1));
  let value = registers[used[0]!]!;
  for (const source of used.slice(1)) {
    known = positions.map((p, i) => (Math.floor(p / lanes) === source ? lanes + (p % lanes) : known[i]!));
    value = emitter.shuffle(value, registers[source]!, known);
    known = known.map((k, i) => (k < 0 ? -1 : i));
  }
  return value;
}

/** The first elements of all registers, then the second ones, …: as many registers as are given. */
export function interleaveRegisters(emitter: KernelEmitter, registers: readonly Value[]): readonly Value[] {
  const count = registers.length;
  const lanes = lanesOf(registers[0]!);
  return registers.map((_, r) =>
    gathered(
      emitter,
      registers,
      Array.from({ length: lanes }, (__, l) => {
        const at = r * lanes + l;
        return (at % count) * lanes + Math.floor(at / count);
      }),
    ),
  );
}

/** Element `j` of each group of `registers.length` neighbours as result `j`. */
export function deinterleaveRegisters(emitter: KernelEmitter, registers: readonly Value[]): readonly Value[] {
  const count = registers.length;
  const lanes = lanesOf(registers[0]!);
  return registers.map((_, j) =>
    gathered(
      emitter,
      registers,
      Array.from({ length: lanes }, (__, l) => l * count + j),
    ),
  );
}
