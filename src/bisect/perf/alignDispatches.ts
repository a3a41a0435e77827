/** Finds the dispatches of one program in another by the model nodes that they compute. */
import type { DispatchStep } from '../../artifact/contents';

/** Dispatches of both sides that compute the same: indices of their steps. */
export interface DispatchGroup {
  readonly good: readonly number[];
  readonly bad: readonly number[];
}

export type Step = Pick<DispatchStep, 'name' | 'origins'>;
const baseName = (s: Step): string => s.name.replace(/_dispatch_\d+/, '_dispatch');

/**
 * Aligns by provenance: launches of equal model nodes in their order, then what overlaps, as one group where several became
 * one or the reverse, then equal names where no nodes are known. What is left is new or gone.
 */
export function alignDispatches(good: readonly Step[], bad: readonly Step[]): readonly DispatchGroup[] {
  const left = [new Set(good.keys()), new Set(bad.keys())] as const;
  const groups: DispatchGroup[] = [];
  const pairBy = (key: (s: Step) => string | undefined): void => {
    for (const i of [...left[0]]) {
      const wanted = key(good[i]!);
      const j = wanted === undefined ? undefined : [...left[1]].find((k) => key(bad[k]!) === wanted);
      if (j === undefined) continue;
      groups.push({ good: [i], bad: [j] });
      left[0].delete(i);
      left[1].delete(j);
    }
  };
  const nodes = (s: Step): string | undefined =>
    s.origins.length === 0 ? undefined : [...s.origins].sort().join('\n');
  pairBy((s) => nodes(s) && `${baseName(s)}\n${nodes(s)}`);
  pairBy(nodes);
  const overlaps = (a: Step, b: Step): boolean => a.origins.some((o) => b.origins.includes(o));
  for (const start of [...left[0]]) {
    if (!left[0].has(start)) continue;
    const group = { good: new Set([start]), bad: new Set<number>() };
    for (let grown = true; grown;) {
      grown = false;
      for (const j of left[1])
        if (!group.bad.has(j) && [...group.good].some((i) => overlaps(good[i]!, bad[j]!)))
          grown = group.bad.add(j) !== undefined;
      for (const i of left[0])
        if (!group.good.has(i) && [...group.bad].some((j) => overlaps(good[i]!, bad[j]!)))
          grown = group.good.add(i) !== undefined;
    }
    if (group.bad.size === 0) continue;
    groups.push({ good: [...group.good].sort((a, b) => a - b), bad: [...group.bad].sort((a, b) => a - b) });
    for (const i of group.good) left[0].delete(i);
    for (const j of group.bad) left[1].delete(j);
  }
  pairBy(baseName);
  return [
    ...groups,
    ...[...left[0]].map((i) => ({ good: [i], bad: [] })),
    ...[...left[1]].map((j) => ({ good: [], bad: [j] })),
  ];
}
