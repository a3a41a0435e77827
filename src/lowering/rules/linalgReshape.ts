/**
 * Moves reshapes behind the elementwise ops that read them, so that these follow their producer directly and can be
 * fused with it.
 */
import type { AffineExpr, Rule, Value } from '../../ir';
import { affineConstant, affineDim, AffineMap } from '../../ir';
import { generic } from '../../ir/dialects/linalg';
import type { MappedOperand } from './linalgGeneric';
import { buildGeneric, elementTypeOf, emptyTensor, Generic, inlineBody, shapeOf } from './linalgGeneric';
import type { Groups, Reshape } from './tensorReshape';
import { collapseTensor, expandTensor, reshapeOf } from './tensorReshape';

/** An operand in the other space: how its value is reshaped, and its map there. */
interface Moved {
  readonly groups: Groups | undefined;
  /** The shape to expand to, when `groups` are of an expansion. */
  readonly shape: readonly number[] | undefined;
  readonly map: AffineMap;
}

/** Operand of a loop nest over the axes of `groups.length`, seen from a nest over each axis by itself. */
function expandOperand(o: MappedOperand, groups: Groups, fine: readonly number[]): Moved | undefined {
  const own = shapeOf(o.value);
  const exprs: AffineExpr[] = [];
  const shape: number[] = [];
  const reassociation: number[][] = [];
  for (const [i, r] of o.map.results.entries()) {
    const axes: number[] = [];
    if (r.kind === 'dim') {
      for (const d of groups[r.index]!) {
        axes.push(shape.push(fine[d]!) - 1);
        exprs.push(affineDim(d));
      }
    } else if (r.kind === 'constant') {
      axes.push(shape.push(own[i]!) - 1);
      exprs.push(affineConstant(r.value));
    } else return undefined;
    // A group without axes is an axis of size 1 that has no loop.
    if (axes.length === 0) return undefined;
    reassociation.push(axes);
  }
  return { groups: reassociation, shape, map: new AffineMap(fine.length, 0, exprs) };
}

/** Operand of a loop nest over each axis, seen from a nest over `groups` of them; undefined when it splits a group. */
function collapseOperand(o: MappedOperand, groups: Groups): Moved | undefined {
  const groupOf = new Map(groups.flatMap((g, i) => g.map((d) => [d, i] as const)));
  const exprs: AffineExpr[] = [];
  const reassociation: number[][] = [];
  const { results } = o.map;
  for (let i = 0; i < results.length;) {
    const r = results[i]!;
    if (r.kind === 'constant') {
      exprs.push(r);
      reassociation.push([i++]);
      continue;
    }
    if (r.kind !== 'dim') return undefined;
    const target = groupOf.get(r.index);
    // The axes of a reshaped scalar are in no group.
    if (target === undefined) return undefined;
    const axes = groups[target]!;
    const run = axes.map((d, k) => {
      const e = results[i + k];
      return e?.kind === 'dim' && e.index === d;
    });
    if (!run.every((same) => same)) return undefined;
    exprs.push(affineDim(target));
    reassociation.push(axes.map((_, k) => i + k));
    i += axes.length;
  }
  return { groups: reassociation, shape: undefined, map: new AffineMap(groups.length, 0, exprs) };
}

/** Whether the value comes from an elementwise op or reduction that nothing else reads. */
const meetsProducer = (value: Value): boolean =>
  Generic.defining(value) !== undefined && value.users.length === 1;

/** Whether moving the reshape down lets its producer and its reader meet. */
function isWorthwhile(reshape: Reshape): boolean {
  return meetsProducer(reshape.source) && reshape.result.users.length === 1;
}

export const sinkReshape: Rule = {
  name: 'sink-reshape',
  doc: 'elementwise(reshape(x), ys) → reshape(elementwise(x, reshape back (ys)))',
  roots: [generic],
  match: (op) => {
    const g = Generic.of(op);
    if (g?.isElementwise !== true || !g.outputs[0]!.map.isIdentity) return undefined;
    for (const input of g.inputs) {
      const reshape = reshapeOf(input.value.definingOp);
      if (reshape === undefined || !input.map.isIdentity || !isWorthwhile(reshape)) continue;
      // One side would meet its producer and another part from it; then that could be moved back without end.
      if (reshape.kind === 'expand' && g.inputs.some((o) => o !== input && meetsProducer(o.value))) continue;
      const source = shapeOf(reshape.source);
      const moved = g.inputs.map((o) =>
        reshape.kind === 'collapse'
          ? expandOperand(o, reshape.groups, source)
          : collapseOperand(o, reshape.groups),
      );
      if (moved.some((m) => m === undefined)) continue;
      return {
        sources: [reshape.op],
        build: (b) => {
          const value = (o: MappedOperand, m: Moved): Value => {
            if (o === input) return reshape.source;
            return m.shape === undefined
              ? collapseTensor(b, o.value, m.groups!)
              : expandTensor(b, o.value, m.shape, m.groups!);
          };
          const [result] = buildGeneric(b, {
            inputs: g.inputs.map((o, i) => ({ value: value(o, moved[i]!), map: moved[i]!.map })),
            outputs: [
              {
                value: emptyTensor(b, source, elementTypeOf(op.result())),
                map: AffineMap.identity(source.length),
              },
            ],
            loops: source.map(() => 'parallel' as const),
            extra: g.extra,
            body: (inner, args, outs) => inlineBody(inner, g.body, [...args, ...outs]),
          });
          const shape = shapeOf(op.result());
          return [
            reshape.kind === 'collapse'
              ? collapseTensor(b, result!, reshape.groups)
              : expandTensor(b, result!, shape, reshape.groups),
          ];
        },
      };
    }
    return undefined;
  },
};
