/** Line diffs (Myers, linear space is not needed: long equal ends are cut off first) and the unified format. */

/** Beyond this many differing steps the middle counts as replaced: a diff that long says nothing line by line. */
const MOST_STEPS = 2000;

/** Pairs `[a, b]` of equal lines, increasing in both. */
export function matchLines(a: readonly string[], b: readonly string[]): [number, number][] {
  // Lines as numbers compare at once.
  const ids = new Map<string, number>();
  const number = (line: string): number => {
    const known = ids.get(line);
    if (known !== undefined) return known;
    ids.set(line, ids.size);
    return ids.size - 1;
  };
  const x = Int32Array.from(a, number);
  const y = Int32Array.from(b, number);
  const pairs: [number, number][] = [];
  let start = 0;
  while (start < x.length && start < y.length && x[start] === y[start]) {
    pairs.push([start, start]);
    start++;
  }
  let [endA, endB] = [x.length, y.length];
  while (endA > start && endB > start && x[endA - 1] === y[endB - 1]) {
    endA--;
    endB--;
  }
  pairs.push(
    ...middle(x.subarray(start, endA), y.subarray(start, endB)).map(([i, j]): [number, number] => [
      i + start,
      j + start,
    ]),
  );
  for (let i = endA, j = endB; i < x.length; i++, j++) pairs.push([i, j]);
  return pairs;
}

/** Myers' greedy algorithm with its frontiers kept; on giving up, the lines that occur once in both and keep order. */
function middle(x: Int32Array, y: Int32Array): [number, number][] {
  const [n, m] = [x.length, y.length];
  if (n === 0 || m === 0) return [];
  const most = Math.min(n + m, MOST_STEPS);
  const frontiers: Int32Array[] = [];
  let frontier = new Int32Array([0, 0, 0]);
  for (let d = 0; d <= most; d++) {
    // Index k + d + 1 of the frontier of step d; one more on both sides.
    const next = new Int32Array(2 * d + 3);
    for (let k = -d; k <= d; k += 2) {
      let i: number;
      if (d === 0) i = 0;
      else {
        const down = k === -d ? -1 : frontier[k - 1 + d]!;
        const up = k === d ? -1 : frontier[k + 1 + d]!;
        i = k === -d || (k !== d && down < up) ? up : down + 1;
      }
      let j = i - k;
      while (i < n && j < m && x[i] === y[j]) {
        i++;
        j++;
      }
      next[k + d + 1] = i;
      if (i >= n && j >= m) {
        frontiers.push(next);
        return trace(frontiers, n, m);
      }
    }
    frontiers.push(next);
    frontier = next;
  }
  return unique(x, y);
}

function trace(frontiers: readonly Int32Array[], n: number, m: number): [number, number][] {
  const pairs: [number, number][] = [];
  let [i, j] = [n, m];
  for (let d = frontiers.length - 1; d > 0; d--) {
    const before = frontiers[d - 1]!;
    const k = i - j;
    const down = k === -d ? -1 : before[k - 1 + d]!;
    const up = k === d ? -1 : before[k + 1 + d]!;
    const insertion = k === -d || (k !== d && down < up);
    const [fromI, fromK] = insertion ? [up, k + 1] : [down, k - 1];
    const fromJ = fromI - fromK;
    const startI = insertion ? fromI : fromI + 1;
    while (i > startI) pairs.push([--i, --j]);
    [i, j] = [fromI, fromJ];
  }
  while (i > 0 && j > 0) pairs.push([--i, --j]);
  return pairs.reverse();
}

function unique(x: Int32Array, y: Int32Array): [number, number][] {
  const once = (list: Int32Array): Map<number, number> => {
    const at = new Map<number, number>();
    list.forEach((id, i) => at.set(id, at.has(id) ? -1 : i));
    return at;
  };
  const [inX, inY] = [once(x), once(y)];
  const candidates: [number, number][] = [];
  for (const [id, i] of inX) {
    const j = inY.get(id);
    if (i >= 0 && j !== undefined && j >= 0) candidates.push([i, j]);
  }
  // The longest increasing run of `b`, by patience sorting.
  const tails: number[] = [];
  const previous = new Int32Array(candidates.length).fill(-1);
  candidates.forEach(([, j], c) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const mid = (low + high) >> 1;
      if (candidates[tails[mid]!]![1] < j) low = mid + 1;
      else high = mid;
    }
    previous[c] = low > 0 ? tails[low - 1]! : -1;
    tails[low] = c;
  });
  const result: [number, number][] = [];
  for (let c = tails[tails.length - 1] ?? -1; c >= 0; c = previous[c]!) result.push(candidates[c]!);
  return result.reverse();
}

export interface LineChange {
  readonly added: number;
  readonly removed: number;
}

export interface UnifiedDiff extends LineChange {
  /** Empty where nothing changed. */
  readonly text: string;
}

/** The unified format (`diff -u`) with `context` lines around each change. */
export function unifiedDiff(
  a: readonly string[],
  b: readonly string[],
  labels: readonly [string, string],
  context = 3,
): UnifiedDiff {
  const script: {
    readonly mark: ' ' | '-' | '+';
    readonly line: string;
    readonly a: number;
    readonly b: number;
  }[] = [];
  let [i, j, added, removed] = [0, 0, 0, 0];
  const upTo = (stopA: number, stopB: number): void => {
    for (; i < stopA; i++, removed++) script.push({ mark: '-', line: a[i]!, a: i, b: j });
    for (; j < stopB; j++, added++) script.push({ mark: '+', line: b[j]!, a: i, b: j });
  };
  for (const [p, q] of matchLines(a, b)) {
    upTo(p, q);
    script.push({ mark: ' ', line: a[p]!, a: i++, b: j++ });
  }
  upTo(a.length, b.length);
  if (added + removed === 0) return { text: '', added, removed };
  const out = [`--- ${labels[0]}`, `+++ ${labels[1]}`];
  for (let s = 0; s < script.length;) {
    if (script[s]!.mark === ' ') {
      s++;
      continue;
    }
    const from = Math.max(0, s - context);
    let end = s;
    for (let quiet = 0; end < script.length && quiet <= 2 * context; end++)
      quiet = script[end]!.mark === ' ' ? quiet + 1 : 0;
    while (end > s && script[end - 1]!.mark === ' ') end--;
    const to = Math.min(script.length, end + context);
    const hunk = script.slice(from, to);
    const count = (mark: '-' | '+'): number => hunk.filter((l) => l.mark === ' ' || l.mark === mark).length;
    const [oldCount, newCount] = [count('-'), count('+')];
    const line = (first: number, length: number): string => `${length === 0 ? first : first + 1},${length}`;
    out.push(`@@ -${line(hunk[0]!.a, oldCount)} +${line(hunk[0]!.b, newCount)} @@`);
    for (const l of hunk) out.push(l.mark + l.line);
    s = to;
  }
  return { text: `${out.join('\n')}\n`, added, removed };
}
