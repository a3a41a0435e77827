/** Steps from zone to zone with the keyboard. */
import type { TraceColumns } from '../trace';

export type KeyStep = 'previous' | 'next' | 'parent' | 'child';

/** The zone reached from `zone` by a keyboard step along its row, to its parent, or to its first child. */
export function neighbour(
  trace: Pick<TraceColumns, 'zones' | 'tracks'>,
  zone: number,
  step: KeyStep,
): number | undefined {
  const { depth, track, parent } = trace.zones;
  const { first, count } = trace.tracks[track[zone]!]!;
  switch (step) {
    case 'parent':
      return parent[zone]! >= 0 ? parent[zone]! : undefined;
    case 'child': {
      for (let i = zone + 1; i < first + count && depth[i]! > depth[zone]!; i++) {
        if (parent[i] === zone) return i;
      }
      return undefined;
    }
    case 'next':
      for (let i = zone + 1; i < first + count; i++) if (depth[i] === depth[zone]) return i;
      return undefined;
    case 'previous':
      for (let i = zone - 1; i >= first; i--) if (depth[i] === depth[zone]) return i;
      return undefined;
  }
}
