/**
 * How long the nodes of a model took, for views of the model's own file: a dispatch computes several nodes, and its time stands
 * at the one that does most of its work.
 */
import type { DispatchKey } from './provenance';
import { isHeavy } from './provenance';

export interface TimedNode {
  readonly name: string;
  readonly opType: string;
  /** In the order of the model, from 1. */
  readonly position: number;
}

/** A node with what became of it. */
export interface NodeTime<N extends TimedNode, D extends DispatchKey> {
  readonly node: N;
  /** Dispatches whose time stands here, in order of execution. */
  readonly dispatches: readonly D[];
  /** Sum over `dispatches`; undefined where none of them was timed. */
  readonly ns: number | undefined;
  /** The node at which the time of a dispatch stands that computes this one too. */
  readonly within: N | undefined;
}

/** One row per node, in their order. `timeOf` is the time of a dispatch in nanoseconds, undefined for one that was not run. */
export function modelNodeTimes<N extends TimedNode, D extends DispatchKey>(
  nodes: readonly N[],
  dispatches: readonly D[],
  timeOf: (dispatch: D) => number | undefined,
): readonly NodeTime<N, D>[] {
  const byName = new Map(nodes.map((n) => [n.name, n]));
  const led = new Map<N, D[]>();
  const within = new Map<N, N>();
  for (const dispatch of dispatches) {
    const own = dispatch.origins.flatMap((o) => byName.get(o) ?? []);
    const leader = own.find((n) => isHeavy(n.opType)) ?? own[0];
    if (leader === undefined) continue;
    led.set(leader, [...(led.get(leader) ?? []), dispatch]);
    for (const n of own) if (n !== leader && !within.has(n)) within.set(n, leader);
  }
  return nodes.map((node) => {
    const own = led.get(node) ?? [];
    const times = own.flatMap((d) => timeOf(d) ?? []);
    return {
      node,
      dispatches: own,
      ns: times.length === 0 ? undefined : times.reduce((a, b) => a + b, 0),
      within: own.length > 0 ? undefined : within.get(node),
    };
  });
}
