/** The left-heavy flame view: equal call paths merged, widest first. Pure; drawn like any other rows. */
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

/** Merges the zones of `tracks`; with `range`, those that start within it. */
export function leftHeavy(trace: TraceColumns, tracks: readonly number[], range?: TimeRange): FlameTree {
  const { start, duration, name, parent } = trace.zones;
  const self = selfTimes(trace.zones);
  const root = path(0, -1);
  const pathOf: (Path | undefined)[] = [];
  for (const t of tracks) {
    const { first, count } = trace.tracks[t]!;
    for (let i = first; i < first + count; i++) {
      if (range !== undefined && (start[i]! < range.from || start[i]! >= range.to)) continue;
      const around = pathOf[parent[i]!] ?? root;
      let p = around.children.get(name[i]!);
      if (p === undefined) {
        p = path(name[i]!, around.depth + 1);
        around.children.set(name[i]!, p);
      }
      if (p.zone < 0 || duration[i]! > duration[p.zone]!) p.zone = i;
      p.total += duration[i]!;
      p.self += self[i]!;
      p.calls++;
      pathOf[i] = p;
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
