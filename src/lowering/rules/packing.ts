/** What the passes share that store constant weights in another order: which weights, and what takes their place. */
import type { AffineExpr, AffineMap, Builder, Operation, PassContext, Value, types } from '../../ir';
import { Region, createOp, denseResource } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { region } from '../../ir/dialects/dispatch';
import * as linalg from '../../ir/dialects/linalg';
import * as tensor from '../../ir/dialects/tensor';
import { isPhase } from '../loops/phases';
import type { Target } from '../schedule/target';
import { targetOf } from '../schedule/target';

/** Weights of a dispatch that are worth packing. */
export interface PackedWeights {
  /** The reduction that reads them. */
  readonly root: Operation;
  readonly constant: Operation;
  /** Operand of the dispatch. */
  readonly operand: number;
}

/**
 * Applies `rule` to each dispatch without a schedule for which `packingOf` finds weights. `rewrite` gets the names of what
 * has been packed, so that dispatches with the same weights share them.
 */
export function packConstants<P extends PackedWeights>(
  module: Operation,
  context: PassContext,
  rule: string,
  packingOf: (op: Operation, target: Target) => P | undefined,
  rewrite: (
    op: Operation,
    packing: P,
    b: Builder,
    context: PassContext,
    packed: Map<string, string>,
  ) => readonly Value[],
): void {
  const target = targetOf(module);
  const packed = new Map<string, string>();
  for (const op of module.find((o) => region.is(o) && o.attr('schedule') === undefined && !isPhase(o))) {
    const packing = packingOf(op, target);
    if (packing === undefined) continue;
    context.rewriter.apply({
      rule,
      root: packing.root,
      sources: [packing.constant],
      build: (b) => rewrite(op, packing, b, context, packed),
    });
  }
}

/** The constant of the host, in the model's file, that only `value` within `op` reads; undefined where it is none. */
export function constantBehind(
  op: Operation,
  value: Value,
): Pick<PackedWeights, 'constant' | 'operand'> | undefined {
  if (value.kind !== 'argument' || value.uses.size !== 1) return undefined;
  const constant = op.operand(value.index).definingOp;
  return constant !== undefined &&
    arith.constant.is(constant) &&
    constant.attr('value')?.kind === 'dense_resource'
    ? { constant, operand: value.index }
    : undefined;
}

/** Name of the resource of a constant that `constantBehind` found. */
export function resourceOf(constant: Operation): string {
  const value = constant.attr('value');
  return value?.kind === 'dense_resource' ? value.key : '';
}

/** Lets the dispatch read the resource `name` of type `type` in place of its weights. */
export function readPacked(
  op: Operation,
  { operand }: PackedWeights,
  name: string,
  type: types.TensorType,
  b: Builder,
): void {
  const host = createOp(arith.constant, { value: denseResource(name, type) }, b.location);
  op.block!.insertBefore(host, op);
  op.setOperand(operand, host.result());
  op.body().args[operand]!.type = type;
}

/** The numbers of the dims that an index mentions. */
export function dimsIn(e: AffineExpr): readonly number[] {
  if (e.kind === 'dim') return [e.index];
  return e.kind === 'symbol' || e.kind === 'constant' ? [] : [...dimsIn(e.lhs), ...dimsIn(e.rhs)];
}

/**
 * The reduction `root` with other maps and loops `added` innermost, into a result of type `wide` whose `groups` of dims make
 * up the old one; gives the result in its old shape.
 */
export function reduceInPanels(
  root: Operation,
  indexing_maps: readonly AffineMap[],
  added: readonly ('parallel' | 'reduction')[],
  wide: types.TensorType,
  groups: readonly (readonly number[])[],
  b: Builder,
): readonly Value[] {
  const inputs = root.operands.slice(0, -1);
  const old = root.result().type as types.TensorType;
  const init = b.value(
    tensor.expandShape,
    {
      src: root.operand(inputs.length),
      reassociation: groups,
      static_output_shape: wide.shape,
      output_shape: [],
    },
    wide,
  );
  const body = new Region();
  root.region().cloneInto(body, new Map<Value, Value>());
  const { iterator_types: kinds } = linalg.generic.view(root);
  const made = createOp(
    linalg.generic,
    { inputs, outputs: [init], indexing_maps, iterator_types: [...kinds, ...added] },
    b.location,
    { resultTypes: [wide], regions: [body] },
  );
  b.insert(made);
  return [b.value(tensor.collapseShape, { src: made.result(), reassociation: groups }, old)];
}
