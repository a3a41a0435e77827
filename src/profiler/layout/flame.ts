/** Flame views: equal call paths merged, widest first; from the top, or around one name. Pure; drawn like any other rows. */
import { selfTimes } from '../nesting';
import type { TimeRange } from '../statistics';
import type { TraceColumns } from '../trace';
import type { RowIndex, Spans } from './rows';

/** One entry per merged call path; `start` and `duration` are in nanoseconds of summed time, parents before children. */
export interface FlameTree extends Spans {
  readonly name: Uint32Array;
  readonly depth: Uint16Array;
  readonly parent: Int32Array;
  readonly self: Float64Array;
  readonly calls: Uint32Array;
  /** The longest zone of the path, to show details of. */
  readonly zone: Uint32Array;
  readonly rows: RowIndex;
  /** Sum of the top row. */
  readonly total: number;
}

interface Path {
  readonly name: number;
  readonly depth: number;
  total: number;
  self: number;
  calls: number;
  zone: number;
  readonly children: Map<number, Path>;
}

const path = (name: number, depth: number): Path => ({
  name,
  depth,
  total: 0,
  self: 0,
  calls: 0,
  zone: -1,
  children: new Map(),
});

type Merging = Pick<TraceColumns, 'zones' | 'tracks'>;

/** Adds a zone to a path. `self` is the time of the zone that counts as the path's own. */
function add(p: Path, zones: Merging['zones'], zone: number, total: number, self: number): void {
  if (p.zone < 0 || zones.duration[zone]! > zones.duration[p.zone]!) p.zone = zone;
  p.total += total;
  p.self += self;
  p.calls++;
}

function childOf(around: Path, name: number): Path {
  let p = around.children.get(name);
  if (p === undefined) {
    p = path(name, around.depth + 1);
    around.children.set(name, p);
  }
  return p;
}

const within = (range: TimeRange | undefined, start: number): boolean =>
  range === undefined || (start >= range.from && start < range.to);

/**
 * Merges zones of `tracks` into the paths by which they were called. `enters` tells whether a zone takes part, given whether
 * the zone around it does; where that one does not, the zone stands at the top.
 */
function mergePaths(
  trace: Merging,
  tracks: readonly number[],
  enters: (zone: number, around: boolean) => boolean,
): FlameTree {
  const { duration, name, parent } = trace.zones;
  const self = selfTimes(trace.zones);
  const root = path(0, -1);
  for (const t of tracks) {
    const { first, count } = trace.tracks[t]!;
    const pathOf: (Path | undefined)[] = [];
    for (let i = first; i < first + count; i++) {
      const around = pathOf[parent[i]! - first];
      if (!enters(i, around !== undefined)) continue;
      const p = childOf(around ?? root, name[i]!);
      add(p, trace.zones, i, duration[i]!, self[i]!);
      pathOf[i - first] = p;
    }
  }
  return flatten(root);
}

/** Merges the zones of `tracks`; with `range`, those that start within it. */
export const leftHeavy = (trace: Merging, tracks: readonly number[], range?: TimeRange): FlameTree =>
  mergePaths(trace, tracks, (zone) => within(range, trace.zones.start[zone]!));

/** What zones named `name` call: their paths merged from them on. A call within a call of itself counts once. */
export const calleesOf = (
  trace: Merging,
  tracks: readonly number[],
  called: number,
  range?: TimeRange,
): FlameTree =>
  mergePaths(
    trace,
    tracks,
    (zone, around) =>
      around || (trace.zones.name[zone] === called && within(range, trace.zones.start[zone]!)),
  );

/**
 * Who calls zones named `name`: at the top the zones themselves, below each path its callers, as wide as the time that the
 * calls by this way took. A call within a call of itself counts for the outer one only.
 */
export function callersOf(
  trace: Merging,
  tracks: readonly number[],
  called: number,
  range?: TimeRange,
): FlameTree {
  const { start, duration, name, parent } = trace.zones;
  const self = selfTimes(trace.zones);
  const root = path(0, -1);
  for (const t of tracks) {
    const { first, count } = trace.tracks[t]!;
    for (let i = first; i < first + count; i++) {
      if (name[i] !== called || !within(range, start[i]!)) continue;
      let nested = false;
      for (let p = parent[i]!; p >= 0; p = parent[p]!) nested ||= name[p] === called;
      if (nested) continue;
      let p = childOf(root, called);
      add(p, trace.zones, i, duration[i]!, self[i]!);
      for (let q = parent[i]!; q >= 0; q = parent[q]!) {
        p = childOf(p, name[q]!);
        add(p, trace.zones, q, duration[i]!, 0);
      }
    }
  }
  return flatten(root);
}

function flatten(root: Path): FlameTree {
  const order: { readonly path: Path; readonly start: number; readonly parent: number }[] = [];
  const visit: { readonly path: Path; readonly start: number; readonly parent: number }[] = [];
  const pushChildren = (of: Path, from: number, parent: number): void => {
    let at = from;
    const children = [...of.children.values()].sort((a, b) => b.total - a.total || a.name - b.name);
    const placed = children.map((child) => {
      const entry = { path: child, start: at, parent };
      at += child.total;
      return entry;
    });
    visit.push(...placed.reverse());
  };
  pushChildren(root, 0, -1);
  for (let entry = visit.pop(); entry !== undefined; entry = visit.pop()) {
    order.push(entry);
    pushChildren(entry.path, entry.start, order.length - 1);
  }
  const depth = Uint16Array.from(order, (e) => e.path.depth);
  const rows = depth.reduce((a, d) => Math.max(a, d + 1), 0);
  const byRow: number[][] = Array.from({ length: rows }, () => []);
  order.forEach((e, i) => byRow[e.path.depth]!.push(i));
  const offset = new Uint32Array(rows + 1);
  byRow.forEach((r, d) => (offset[d + 1] = offset[d]! + r.length));
  return {
    start: Float64Array.from(order, (e) => e.start),
    duration: Float64Array.from(order, (e) => e.path.total),
    name: Uint32Array.from(order, (e) => e.path.name),
    depth,
    parent: Int32Array.from(order, (e) => e.parent),
    self: Float64Array.from(order, (e) => e.path.self),
    calls: Uint32Array.from(order, (e) => e.path.calls),
    zone: Uint32Array.from(order, (e) => e.path.zone),
    rows: { offset, spans: Uint32Array.from(byRow.flat()) },
    total: [...root.children.values()].reduce((sum, c) => sum + c.total, 0),
  };
}
