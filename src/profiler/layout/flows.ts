/**
 * What started what: arrows that a trace records, and from a dispatch on the queue of the host to its parts on the threads of the
 * device, and back. Pure.
 */
import type { FlowIndex } from '../flowIndex';
import type { TraceColumns, ZoneFacts } from '../trace';

/** The other end of a flow. */
export interface FlowEnd {
  readonly name: string;
  readonly zone: number;
  readonly track: number;
  readonly depth: number;
  readonly start: number;
  readonly duration: number;
  /** `to`: the zone started this one; `from`: this one started the zone. */
  readonly direction: 'to' | 'from';
}

const MOST = 256;

/** First zone of a track that starts at or after `at`. */
function firstFrom(start: Float64Array, first: number, end: number, at: number): number {
  let low = first;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (start[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Flows of a zone that its trace records as such. */
export function recordedFlowsOf(
  { zones, flows, strings }: Pick<TraceColumns, 'zones' | 'flows' | 'strings'>,
  index: FlowIndex,
  zone: number,
): readonly FlowEnd[] {
  const end = (other: number, direction: FlowEnd['direction']): FlowEnd => ({
    name: strings[zones.name[other]!] ?? '',
    zone: other,
    track: zones.track[other]!,
    depth: zones.depth[other]!,
    start: zones.start[other]!,
    duration: zones.duration[other]!,
    direction,
  });
  const leaving = Array.from(index.leaving(zone), (row) => end(flows.to[row]!, 'to'));
  const reaching = Array.from(index.reaching(zone), (row) => end(flows.from[row]!, 'from'));
  return [...leaving, ...reaching].slice(0, MOST);
}

/**
 * Flows of a zone by what our runner records: parts of a dispatch on threads belong to the whole of the same iteration on
 * a queue, and lie within it.
 */
export function flowsOf(
  { zones, tracks, strings }: Pick<TraceColumns, 'zones' | 'tracks' | 'strings'>,
  facts: readonly ZoneFacts[],
  zone: number,
): readonly FlowEnd[] {
  const own = facts[zones.args[zone]!];
  const track = tracks[zones.track[zone]!];
  if (own?.dispatch === undefined || track === undefined) return [];
  const whole = track.kind === 'queue';
  if (!whole && track.kind !== 'thread') return [];
  const from = zones.start[zone]!;
  const to = from + zones.duration[zone]!;
  const same = (z: number): boolean => {
    const f = facts[zones.args[z]!];
    return (
      f?.dispatch === own.dispatch &&
      f?.entry === own.entry &&
      zones.iteration[z] === zones.iteration[zone] &&
      zones.start[z]! <= to &&
      zones.start[z]! + zones.duration[z]! >= from
    );
  };
  const ends: FlowEnd[] = [];
  tracks.forEach((t, index) => {
    if (t.kind !== (whole ? 'thread' : 'queue')) return;
    const end = t.first + t.count;
    const after = firstFrom(zones.start, t.first, end, from);
    const near: number[] = [];
    for (let z = after; z < end && zones.start[z]! <= to && near.length < MOST; z++) near.push(z);
    // The whole starts before its parts, under the iteration around it at most.
    if (!whole) for (let z = after - 1; z >= t.first && z >= after - 4; z--) near.push(z);
    for (const z of near) {
      if (!same(z) || ends.length >= MOST) continue;
      ends.push({
        name: strings[zones.name[z]!] ?? '',
        zone: z,
        track: index,
        depth: zones.depth[z]!,
        start: zones.start[z]!,
        duration: zones.duration[z]!,
        direction: whole ? 'to' : 'from',
      });
    }
  });
  return ends;
}
