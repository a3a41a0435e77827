/** Finds the rows of one run in another: the same dispatch keeps its model nodes even where fusion or its number changed. */
import type { SummaryRow } from './summary';

/** What made two rows one: everything, the model nodes, the name, or only the number of the dispatch. */
export type AlignedBy = 'exact' | 'origins' | 'name' | 'index';

export interface Pair {
  readonly before: SummaryRow;
  readonly after: SummaryRow;
  readonly by: AlignedBy;
}

export interface Alignment {
  readonly pairs: readonly Pair[];
  readonly gone: readonly SummaryRow[];
  readonly added: readonly SummaryRow[];
}

/** A dispatch name without its number, which moves with every dispatch before it. */
const baseName = (r: SummaryRow): string => r.name.replace(/_dispatch_\d+/, '_dispatch');
const originsKey = (r: SummaryRow): string => [...r.origins].sort().join('\n');

const compatible = (a: SummaryRow, b: SummaryRow): boolean =>
  a.origins.length === 0 || b.origins.length === 0 || a.origins.some((o) => b.origins.includes(o));

interface Pass {
  readonly by: AlignedBy;
  /** Rows with equal keys are paired in their order; undefined takes no part. */
  readonly key: (r: SummaryRow) => string | undefined;
}

const whereKnown = (r: SummaryRow, key: string): string | undefined =>
  r.origins.length === 0 ? undefined : key;

/** Surest first. Rows of different entry points are never paired. */
const passes: readonly Pass[] = [
  { by: 'exact', key: (r) => `${r.name}\n${originsKey(r)}` },
  { by: 'origins', key: (r) => whereKnown(r, `${baseName(r)}\n${originsKey(r)}`) },
  { by: 'origins', key: (r) => whereKnown(r, originsKey(r)) },
  { by: 'name', key: (r) => r.name },
  { by: 'name', key: (r) => (r.dispatch === undefined ? undefined : baseName(r)) },
  {
    by: 'index',
    key: (r) => (r.dispatch === undefined || r.origins.length > 0 ? undefined : String(r.dispatch)),
  },
];

const inOrder = (rows: readonly SummaryRow[]): SummaryRow[] =>
  [...rows].sort((a, b) => (a.dispatch ?? 0) - (b.dispatch ?? 0));

export function align(before: readonly SummaryRow[], after: readonly SummaryRow[]): Alignment {
  const gone = new Set(inOrder(before));
  const added = new Set(inOrder(after));
  const pairs: Pair[] = [];
  for (const { by, key } of passes) {
    const waiting = new Map<string, SummaryRow[]>();
    const keyed = (r: SummaryRow): string | undefined => {
      const k = key(r);
      return k === undefined ? undefined : `${r.entry ?? ''}\u0000${k}`;
    };
    for (const row of added) {
      const k = keyed(row);
      if (k !== undefined) waiting.set(k, [...(waiting.get(k) ?? []), row]);
    }
    for (const row of gone) {
      const k = keyed(row);
      const candidates = k === undefined ? undefined : waiting.get(k);
      const at = candidates?.findIndex((c) => compatible(row, c)) ?? -1;
      if (candidates === undefined || at < 0) continue;
      const [match] = candidates.splice(at, 1);
      gone.delete(row);
      added.delete(match!);
      pairs.push({ before: row, after: match!, by });
    }
  }
  return { pairs, gone: [...gone], added: [...added] };
}
