/** `tensor.expand_shape` and `collapse_shape` as passes build and read them: groups of axes that become one. */
import type { Builder, Operation, Value } from '../../ir';
import { types } from '../../ir';
import { collapseShape, expandShape } from '../../ir/dialects/tensor';
import { elementTypeOf, shapeOf } from './linalgGeneric';

/** Per axis of the smaller shape, the axes of the larger one. */
export type Groups = readonly (readonly number[])[];

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
const isTrivial = (groups: Groups, rank: number): boolean => groups.length === rank;

/** Joins each group of axes; the value itself when each group is one axis. */
export function collapseTensor(b: Builder, value: Value, groups: Groups): Value {
  const shape = shapeOf(value);
  if (isTrivial(groups, shape.length)) return value;
  const sizes = groups.map((g) => product(g.map((i) => shape[i]!)));
  return b.value(
    collapseShape,
    { src: value, reassociation: groups },
    types.tensor(sizes, elementTypeOf(value)),
  );
}

/** Splits axis `i` into the axes `groups[i]` of `shape`. */
export function expandTensor(b: Builder, value: Value, shape: readonly number[], groups: Groups): Value {
  if (isTrivial(groups, shape.length)) return value;
  return b.value(
    expandShape,
    { src: value, reassociation: groups, static_output_shape: shape },
    types.tensor(shape, elementTypeOf(value)),
  );
}

/** A reshape by groups in either direction, of static shapes. */
export interface Reshape {
  readonly op: Operation;
  readonly kind: 'expand' | 'collapse';
  readonly source: Value;
  readonly result: Value;
  readonly groups: Groups;
}
export function reshapeOf(op: Operation | undefined): Reshape | undefined {
  const expand = expandShape.as(op);
  const collapse = expand === undefined ? collapseShape.as(op) : undefined;
  const view = expand ?? collapse;
  if (view === undefined || !types.isStatic(shapeOf(view.src)) || !types.isStatic(shapeOf(view.op.result())))
    return undefined;
  return {
    op: view.op,
    kind: expand === undefined ? 'collapse' : 'expand',
    source: view.src,
    result: view.op.result(),
    groups: view.reassociation,
  };
}

/**
 * Groups of axes of two shapes that hold the same elements, first to last: the finest there are. All axes are in one
 * group when there are no elements.
 */
export function commonGroups(
  from: readonly number[],
  to: readonly number[],
): { readonly from: Groups; readonly to: Groups } {
  const range = (a: number, b: number): number[] => Array.from({ length: b - a }, (_, i) => a + i);
  if (product(from) === 0) return { from: [range(0, from.length)], to: [range(0, to.length)] };
  const [left, right]: [number[][], number[][]] = [[], []];
  let [i, j] = [0, 0];
  while (i < from.length && j < to.length) {
    const [i0, j0] = [i, j];
    let [x, y] = [from[i++]!, to[j++]!];
    while (x !== y) {
      if (x < y) x *= from[i++]!;
      else y *= to[j++]!;
    }
    left.push(range(i0, i));
    right.push(range(j0, j));
  }
  // What is left has size 1 and joins the last group.
  left[left.length - 1]?.push(...range(i, from.length));
  right[right.length - 1]?.push(...range(j, to.length));
  return { from: left, to: right };
}

/** The same elements under another shape, through the fewest collapses and expansions. */
export function reshapeTensor(b: Builder, value: Value, shape: readonly number[]): Value {
  const from = shapeOf(value);
  if (from.length === shape.length && from.every((d, i) => d === shape[i])) return value;
  const groups = commonGroups(from, shape);
  return expandTensor(b, collapseTensor(b, value, groups.from), shape, groups.to);
}
