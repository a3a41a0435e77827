/** Which node the arrow keys go to: along reads up and down, else the nearest in that direction. */
import type { Scene } from './painter';

export type Direction = 'up' | 'down' | 'left' | 'right';

export function step({ graph, layout }: Scene, from: number, direction: Direction): number | undefined {
  const { nodes, edges, roots } = graph;
  if (nodes.length === 0) return undefined;
  if (from < 0) return roots[0];
  const centre = (n: number): readonly [number, number] => [
    layout.x[n]! + layout.width[n]! / 2,
    layout.y[n]! + layout.height[n]! / 2,
  ];
  const [x, y] = centre(from);
  const linked = edges.flatMap((e) =>
    direction === 'up' && e.to === from ? [e.from] : direction === 'down' && e.from === from ? [e.to] : [],
  );
  if (linked.length > 0)
    return linked.reduce((a, b) => (Math.abs(centre(b)[0] - x) < Math.abs(centre(a)[0] - x) ? b : a));
  // Into and out of groups where reads end.
  if (direction === 'down' && nodes[from]!.open && nodes[from]!.children.length > 0)
    return nodes[from]!.children[0];
  const siblings = nodes[from]!.parent < 0 ? roots : nodes[nodes[from]!.parent]!.children;
  let best: number | undefined;
  let least = Infinity;
  for (const n of siblings) {
    const [dx, dy] = [centre(n)[0] - x, centre(n)[1] - y];
    const [along, across] =
      direction === 'left'
        ? [-dx, dy]
        : direction === 'right'
          ? [dx, dy]
          : direction === 'up'
            ? [-dy, dx]
            : [dy, dx];
    if (n === from || along <= 1) continue;
    const distance = along + 3 * Math.abs(across);
    if (distance < least) [best, least] = [n, distance];
  }
  return best ?? (direction === 'up' && nodes[from]!.parent >= 0 ? nodes[from]!.parent : undefined);
}
