/**
 * Nesting as a function of intervals alone, so that two formats of one run give the same tree. Used by
 * `TraceBuilder` and by the statistics.
 */

/** Sorts `order` (zone indices of one track) by start, then longest first, then as recorded. */
export function sortForNesting(order: Uint32Array, start: Float64Array, duration: Float64Array): void {
  const compare = (a: number, b: number): number =>
    start[a]! - start[b]! || duration[b]! - duration[a]! || a - b;
  for (let i = 1; i < order.length; i++) {
    if (compare(order[i - 1]!, order[i]!) > 0) {
      order.sort(compare);
      return;
    }
  }
}

/**
 * Fills `depth` and `parent` for zones `first … last` of one track, sorted by `sortForNesting`. A zone that starts inside
 * another one but outlives it is drawn below it and belongs to the nearest zone that contains it. Returns the rows used, and whether there
 * is such a zone: then the zones below one parent may overlap.
 */
export function nest(
  zones: { start: Float64Array; duration: Float64Array; depth: Uint16Array; parent: Int32Array },
  first: number,
  last: number,
): { readonly rows: number; readonly loose: boolean } {
  const { start, duration, depth, parent } = zones;
  const stack: number[] = [];
  let rows = 0;
  let loose = false;
  for (let i = first; i < last; i++) {
    const from = start[i]!;
    const to = from + duration[i]!;
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (start[top]! + duration[top]! > from) break;
      stack.pop();
    }
    let around = stack.length - 1;
    while (around >= 0 && start[stack[around]!]! + duration[stack[around]!]! < to) around--;
    loose ||= around < stack.length - 1;
    parent[i] = around < 0 ? -1 : stack[around]!;
    depth[i] = Math.min(stack.length, 65535);
    if (stack.length < 65535) stack.push(i);
    rows = Math.max(rows, depth[i]! + 1);
  }
  return { rows, loose };
}

/** Time of each zone outside its direct children, in nanoseconds. */
export function selfTimes(zones: { duration: Float64Array; parent: Int32Array }): Float64Array {
  const self = zones.duration.slice();
  for (let i = 0; i < self.length; i++) {
    const p = zones.parent[i]!;
    if (p >= 0) self[p] = Math.max(0, self[p]! - zones.duration[i]!);
  }
  return self;
}
