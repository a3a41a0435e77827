/** Gives each temporary buffer of a host function a place in one arena, by lifetimes. */
import type { Operation, Value } from '../../ir';
import { definePass, types as t } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { indexAttr } from '../../ir';
import * as memref from '../../ir/dialects/memref';
import type { ArenaBuffer } from '../arena';
import { arenaAlignment, arenaProblem, planBuffers } from '../arena';
import { loopMessages } from '../loops/messages';

/** Ops whose result is another view of their first operand. */
const views = new Set([
  'memref.expand_shape',
  'memref.collapse_shape',
  'memref.cast',
  'memref.subview',
  'memref.reinterpret_cast',
  'memref.view',
]);

export const planArena = definePass({
  name: 'plan-arena',
  summary: 'places temporary buffers in one arena, by lifetimes',
  doc: `Buffers start at multiples of ${arenaAlignment} bytes; two that are alive at the same time never share bytes.`,
  anchor: 'func.func',
  run: (func, { rewriter }) => {
    const allocs = func.find((op) => memref.alloc.is(op) && op.parentOp === func && isPlannable(op));
    const [first] = allocs;
    // A kernel's own scratch stays with it.
    if (first === undefined || func.attr('strata.dispatch') !== undefined) return;
    const buffers = lifetimes(func, allocs);
    const plan = planBuffers(buffers);
    const problem = arenaProblem(buffers, plan);
    if (problem !== undefined) throw loopMessages.error('STR0543', { problem });
    rewriter.apply({
      rule: 'allocate-in-arena',
      root: first,
      sources: allocs,
      build: (b) => {
        const arena = b.value(memref.alloc, { alignment: arenaAlignment }, t.memref([plan.bytes], t.i8));
        let replaced: Value | undefined;
        allocs.forEach((op, i) => {
          b.location = op.location;
          if (op !== first) b.setBefore(op);
          const byteShift = b.value(arith.constant, { value: indexAttr(plan.offsets[i]!) });
          const place = b.value(memref.view, { source: arena, byteShift, sizes: [] }, op.result().type);
          if (op === first) replaced = place;
          else {
            op.result().replaceAllUsesWith(place);
            op.erase();
          }
        });
        return [replaced!];
      },
    });
  },
});

function isPlannable(op: Operation): boolean {
  const { type } = op.result();
  return type.kind === 'memref' && type.layout === undefined && t.isStatic(type.shape);
}

/** When each buffer is alive: from its first to its last use through any view, in positions of the function's block. */
function lifetimes(func: Operation, allocs: readonly Operation[]): readonly ArenaBuffer[] {
  const position = new Map<Operation, number>();
  func.body().ops.forEach((op, i) => position.set(op, i));
  const placeOf = (op: Operation): number => {
    let o = op;
    while (o.parentOp !== undefined && o.parentOp !== func) o = o.parentOp;
    return position.get(o)!;
  };
  return allocs.map((op) => {
    const uses = usesOf(op.result()).map(placeOf);
    const type = op.result().type;
    const own = placeOf(op);
    return {
      bytes: t.isShaped(type) ? (t.byteSize(type) ?? 0) : 0,
      begin: Math.min(...uses, uses.length === 0 ? own : Infinity),
      end: Math.max(own, ...uses),
    };
  });
}
/** Ops that read or write the buffer, through views of it. */
function usesOf(value: Value): readonly Operation[] {
  return value.users.flatMap((user) => (views.has(user.name) ? user.results.flatMap(usesOf) : [user]));
}
