/** The roofline of a run: its dispatches by intensity and rate under what the machine can do. Pure. */
import type { TableRow } from './table';

/** What all threads of the run together can do; measured by the recorder just before the run. */
export interface Roofs {
  readonly flopsPerSecond: number;
  /** From and to main memory. */
  readonly bytesPerSecond: number;
}

export interface RooflinePoint {
  readonly row: TableRow;
  /** FLOP per byte that the dispatch has to read or write at least. */
  readonly intensity: number;
  readonly flopsPerSecond: number;
  /** Part of what the roof allows at this intensity. */
  readonly attained?: number;
}

export interface RooflineAnswer {
  readonly points: readonly RooflinePoint[];
  /** Absent where the trace does not record them. */
  readonly roofs?: Roofs;
}

/** What the roofs allow at an intensity, in FLOP per second. */
export const roofAt = (roofs: Roofs, intensity: number): number =>
  Math.min(roofs.flopsPerSecond, intensity * roofs.bytesPerSecond);

/**
 * Part of the roof that a dispatch attains: of compute where it computes, of memory where it only moves. Values above 1 are
 * possible: what stays in caches between dispatches is not read from memory.
 */
export function attained(
  row: Pick<TableRow, 'flopsPerSecond' | 'bytesPerSecond'>,
  roofs: Roofs,
): number | undefined {
  const { flopsPerSecond: flops, bytesPerSecond: bytes } = row;
  if (flops !== undefined && flops > 0)
    return flops / (bytes === undefined || bytes === 0 ? roofs.flopsPerSecond : roofAt(roofs, flops / bytes));
  return bytes === undefined ? undefined : bytes / roofs.bytesPerSecond;
}

/** What binds a dispatch of this intensity; undefined where neither is known. */
export function boundOf(
  { flopsPerSecond: flops, bytesPerSecond: bytes }: Pick<TableRow, 'flopsPerSecond' | 'bytesPerSecond'>,
  roofs: Roofs,
): 'compute' | 'memory' | undefined {
  if (flops === undefined || flops === 0) return bytes === undefined ? undefined : 'memory';
  if (bytes === undefined || bytes === 0) return 'compute';
  return (flops / bytes) * roofs.bytesPerSecond < roofs.flopsPerSecond ? 'memory' : 'compute';
}

/** Dispatches that compute and move something. */
export function roofline(rows: readonly TableRow[], roofs: Roofs | undefined): RooflineAnswer {
  const points = rows.flatMap((row): readonly RooflinePoint[] => {
    const { flopsPerSecond, bytesPerSecond } = row;
    if (!flopsPerSecond || !bytesPerSecond) return [];
    const part = roofs === undefined ? undefined : attained(row, roofs);
    return [
      {
        row,
        intensity: flopsPerSecond / bytesPerSecond,
        flopsPerSecond,
        ...(part === undefined ? {} : { attained: part }),
      },
    ];
  });
  return { points, ...(roofs === undefined ? {} : { roofs }) };
}
