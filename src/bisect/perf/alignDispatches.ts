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
 * Aligns by provenance: launches of equal model nodes in their order, or as one group where one side needs more of them; then what
 * overlaps, as one group where several became one or the reverse; then launches of nodes that a group computes on the other side;
 * then equal names where no nodes are known. What is left is new or gone.
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
  const byNodes = (all: readonly Step[], key: string): readonly number[] =>
    all.flatMap((s, i) => (nodes(s) === key ? [i] : []));
  for (const key of new Set(good.map(nodes))) {
    if (key === undefined) continue;
    const [own, others] = [byNodes(good, key), byNodes(bad, key)];
    if (others.length === 0 || own.length === others.length) continue;
    groups.push({ good: own, bad: others });
    for (const i of own) left[0].delete(i);
    for (const j of others) left[1].delete(j);
  }
  pairBy((s) => nodes(s) && `${baseName(s)}\n${nodes(s)}`);
  pairBy(nodes);
  const overlaps = (a: Step, b: Step): boolean => a.origins.some((o) => b.origins.includes(o));
  for (const start of [...left[0]]) {
    if (!left[0].has(start)) continue;
    const group = { good: new Set([start]), bad: new Set<number>() };
    for (let grown = true; grown;) {
      const size = group.good.size + group.bad.size;
      for (const j of left[1]) if ([...group.good].some((i) => overlaps(good[i]!, bad[j]!))) group.bad.add(j);
      for (const i of left[0]) if ([...group.bad].some((j) => overlaps(good[i]!, bad[j]!))) group.good.add(i);
      grown = group.good.size + group.bad.size > size;
    }
    if (group.bad.size === 0) continue;
    groups.push({ good: [...group.good].sort((a, b) => a - b), bad: [...group.bad].sort((a, b) => a - b) });
    for (const i of group.good) left[0].delete(i);
    for (const j of group.bad) left[1].delete(j);
  }
  // A launch that only one side has, of nodes that a group computes there too, is a part of that group's work.
  const nodesOf = (all: readonly Step[], indices: readonly number[]): ReadonlySet<string> =>
    new Set(indices.flatMap((i) => all[i]!.origins));
  const joins = (step: Step, computed: ReadonlySet<string>): boolean =>
    step.origins.length > 0 && step.origins.every((o) => computed.has(o));
  const joined = groups.map((group) => {
    const [before, after] = [nodesOf(good, group.good), nodesOf(bad, group.bad)];
    const more = [
      [...left[0]].filter((i) => joins(good[i]!, after)),
      [...left[1]].filter((j) => joins(bad[j]!, before)),
    ] as const;
    for (const i of more[0]) left[0].delete(i);
    for (const j of more[1]) left[1].delete(j);
    const sorted = (indices: readonly number[]): readonly number[] => [...indices].sort((x, y) => x - y);
    return { good: sorted([...group.good, ...more[0]]), bad: sorted([...group.bad, ...more[1]]) };
  });
  groups.length = 0;
  pairBy(baseName);
  return [
    ...joined,
    ...groups,
    ...[...left[0]].map((i) => ({ good: [i], bad: [] })),
    ...[...left[1]].map((j) => ({ good: [], bad: [j] })),
  ];
}
