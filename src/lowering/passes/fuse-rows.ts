/**
 * `fuse-rows`: joins dispatches that hand rows to one another into one kernel of several phases, so that a row stays
 * in cache from the first to the last: softmax, normalisation, the products of attention with the softmax between.
 */
import type { Operation, Rewriter, Value } from '../../ir';
import { arrayAttr, definePass } from '../../ir';
import { region as dispatchRegion, yieldOp } from '../../ir/dialects/dispatch';
import { phasesName } from '../dispatchName';
import { isContraction } from '../loops/combiner';
import type { Phase } from '../loops/phases';
import { isPhased, memoryOf, readPhases, sharedLoops } from '../loops/phases';
import { isPlainDispatch } from '../loops/plainKernel';
import { fusionRefused } from '../rules/linalgGeneric';
import { unitBytes } from '../schedule/phaseSchedule';
import type { Target } from '../schedule/target';
import { targetOf } from '../schedule/target';

export const fuseRows = definePass({
  name: 'fuse-rows',
  summary: 'join dispatches that hand rows to one another into one kernel',
  doc: [
    'Dispatches follow one another in a kernel when they have parallel loops in common, nothing else reads what they leave for each other, and',
    'a row of all of it fits in the second-level cache. Between two products there must be a reduction of another kind; products with constant',
    'weights stay apart, as their weights are packed. The body of the kernel is the list of its phases.',
  ].join('\n'),
  anchor: 'func.func',
  run: (root, { rewriter }) => {
    const [block] = root.region().blocks;
    if (block === undefined) return;
    const target = targetOf(root);
    // Text that the pass has been over goes through it again when a compilation goes on from it.
    const regions = block.ops.filter((op) => dispatchRegion.is(op) && !isPlainDispatch(op) && !isPhased(op));
    const taken = new Set<Operation>();
    for (const first of regions) {
      if (taken.has(first)) continue;
      const chain = chainFrom(first, regions, taken, target);
      if (chain.length < 2 || narrows(chain)) continue;
      for (const op of chain) taken.add(op);
      join(rewriter, chain);
    }
  },
});

/** Ops that read a value, through reshapes. */
function readersOf(v: Value): readonly Operation[] {
  return v.users.flatMap((u) =>
    memoryOf(u.results[0] ?? v) === memoryOf(v) && u.results.length === 1 ? readersOf(u.result()) : [u],
  );
}

/** The longest run of dispatches from `first` on that one kernel can hold. */
function chainFrom(
  first: Operation,
  regions: readonly Operation[],
  taken: ReadonlySet<Operation>,
  target: Target,
): readonly Operation[] {
  let chain = [first];
  let best: readonly Operation[] = [];
  for (const next of regions.slice(regions.indexOf(first) + 1)) {
    const reads = next.operands.some((v) => chain.includes(memoryOf(v).definingOp!));
    if (!reads || taken.has(next)) continue;
    const longer = [...chain, next];
    const phases = readPhases(longer);
    if (!fits(phases, target)) break;
    chain = longer;
    if (isClosed(chain) && isWorthwhile(phases)) best = chain;
  }
  return best;
}

/** Whether nothing outside reads what the phases before the last leave. */
function isClosed(chain: readonly Operation[]): boolean {
  return chain
    .slice(0, -1)
    .every((op) => op.results.every((r) => readersOf(r).every((u) => chain.includes(u))));
}
/** Something is reduced and then read again with what it was reduced from. */
const isWorthwhile = (phases: readonly Phase[]): boolean =>
  phases
    .slice(0, -1)
    .some(({ kernel }) => kernel.reduction !== undefined && !isContraction(kernel.reduction));

/** Whether the first dispatch only moves elements and leaves the others fewer loops in common: a transpose before a product. */
function narrows(chain: readonly Operation[]): boolean {
  const phases = readPhases(chain);
  if (phases[0]!.kernel.reduction !== undefined || chain.length < 3) return false;
  return sharedLoops(phases).length < sharedLoops(readPhases(chain.slice(1))).length;
}

/** Work of one thread that is small enough to need no other. */
const smallWork = 1 << 15;

function fits(phases: readonly Phase[], target: Target): boolean {
  let product = false;
  for (const { kernel, region } of phases) {
    if (!isContraction(kernel.reduction)) {
      if (kernel.reduction !== undefined) product = false;
      continue;
    }
    if (product || region.operands.some((v) => memoryOf(v).definingOp?.name === 'arith.constant'))
      return false;
    product = true;
  }
  const shared = sharedLoops(phases);
  if (shared.length === 0) {
    const work = phases.reduce((n, p) => n + p.kernel.loops.reduce((a, l) => a * l.size, 1), 0);
    if (work > smallWork) return false;
  }
  const blocked = shared.length === 0 ? undefined : shared.length - 1;
  return unitBytes(phases, { shared, blocked, block: 1 }) <= target.l2 / 2;
}

/** Moves the dispatches of a chain into one, in place of the last. */
function join(rewriter: Rewriter, chain: readonly Operation[]): void {
  const last = chain[chain.length - 1]!;
  const inputs: Value[] = [];
  const members: Operation[] = [];
  const visit = (op: Operation): void => {
    for (const v of op.operands) {
      const { definingOp } = v;
      const inside = definingOp !== undefined && chain.includes(memoryOf(v).definingOp!);
      if (!inside && !inputs.includes(v)) inputs.push(v);
      // A reshape on the way from one phase to another.
      if (inside && !chain.includes(definingOp) && !members.includes(definingOp)) {
        visit(definingOp);
        members.push(definingOp);
      }
    }
  };
  for (const op of chain) {
    visit(op);
    members.push(op);
  }
  const reasons = chain.flatMap((op) => {
    const noted = op.attr(fusionRefused);
    return noted?.kind === 'array' ? noted.elements : [];
  });
  const name = phasesName(chain);
  rewriter.apply({
    rule: 'fuse-rows',
    root: last,
    sources: chain.slice(0, -1),
    build: (b) => {
      const body = b.region(
        inputs.map((v) => v.type),
        (args) => {
          const mapping = new Map<Value, Value>(inputs.map((v, i) => [v, args[i]!]));
          for (const op of members) b.insert(op.clone(mapping)).removeAttr(fusionRefused);
          b.op(yieldOp, { values: last.results.map((r) => mapping.get(r)!) });
        },
      );
      const unique = [...new Map(reasons.map((r) => [r.text, r])).values()];
      return b.op(
        dispatchRegion,
        { inputs, sym_name: name },
        {
          resultTypes: last.results.map((r) => r.type),
          regions: [body],
          ...(unique.length === 0 ? {} : { extra: [[fusionRefused, arrayAttr(unique)]] }),
        },
      ).results;
    },
  });
}
