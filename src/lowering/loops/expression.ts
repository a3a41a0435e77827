/**
 * What a kernel computes at one point of its iteration space, as a graph without order: reads of memory at linear
 * addresses, scalar ops on them, and the running result of a reduction. Built from the body of a dispatch; evaluated
 * on register tiles by the kernel builder.
 */
import type { Attribute, Operation, types } from '../../ir';
import type { LinearForm } from './linearForm';

type Type = types.Type;

/** An element of input `operand`, at `form` elements from its start. */
export interface LoadExpression {
  readonly kind: 'load';
  readonly id: number;
  readonly operand: number;
  readonly type: Type;
  readonly form: LinearForm;
}
export interface ConstantExpression {
  readonly kind: 'constant';
  readonly id: number;
  readonly type: Type;
  readonly value: Attribute;
}
/** Result `result` of the scalar body of `op` (a linalg.generic) on `inputs`, one per block argument; absent ones are unused. */
export interface ApplyExpression {
  readonly kind: 'apply';
  readonly id: number;
  readonly type: Type;
  readonly op: Operation;
  readonly result: number;
  readonly inputs: readonly (Expression | undefined)[];
  /** What `linalg.index` of each dim of `op` gives; empty when the body does not ask. */
  readonly indices: readonly LinearForm[];
}
/** One elementwise op on tensors. */
export interface ScalarOpExpression {
  readonly kind: 'scalar-op';
  readonly id: number;
  readonly type: Type;
  readonly op: Operation;
  readonly inputs: readonly Expression[];
}
/** Whether `0 <= form < size`. */
export interface Guard {
  readonly form: LinearForm;
  readonly size: number;
}
/** `inside` where all guards hold, `outside` elsewhere: padding. */
export interface GuardedExpression {
  readonly kind: 'guarded';
  readonly id: number;
  readonly type: Type;
  readonly guards: readonly Guard[];
  readonly inside: Expression;
  readonly outside: Expression;
}
/** Part `i` where `starts[i] <= form < starts[i + 1]`: concatenation. */
export interface PiecewiseExpression {
  readonly kind: 'piecewise';
  readonly id: number;
  readonly type: Type;
  readonly form: LinearForm;
  /** Ascending; one more than parts. */
  readonly starts: readonly number[];
  readonly parts: readonly Expression[];
}
/** Result `result` of the reduction. */
export interface AccumulatorExpression {
  readonly kind: 'accumulator';
  readonly id: number;
  readonly type: Type;
  readonly result: number;
}

export type Expression =
  | LoadExpression
  | ConstantExpression
  | ApplyExpression
  | ScalarOpExpression
  | GuardedExpression
  | PiecewiseExpression
  | AccumulatorExpression;

/** The expressions that `e` is made of directly. */
export function partsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'apply':
      return e.inputs.flatMap((i) => i ?? []);
    case 'scalar-op':
      return e.inputs;
    case 'guarded':
      return [e.inside, e.outside];
    case 'piecewise':
      return e.parts;
    default:
      return [];
  }
}

/** Visits `e` and all below it, each once. */
export function visitExpression(
  e: Expression,
  visit: (e: Expression) => void,
  seen = new Set<Expression>(),
): void {
  if (seen.has(e)) return;
  seen.add(e);
  visit(e);
  for (const p of partsOf(e)) visitExpression(p, visit, seen);
}

/** All guards below `e`; a piecewise form counts as one per part. */
export function formsOf(e: Expression): {
  readonly addresses: readonly LinearForm[];
  readonly fixed: readonly LinearForm[];
} {
  const addresses: LinearForm[] = [];
  const fixed: LinearForm[] = [];
  visitExpression(e, (x) => {
    if (x.kind === 'load') addresses.push(x.form);
    else if (x.kind === 'guarded') fixed.push(...x.guards.map((g) => g.form));
    else if (x.kind === 'piecewise') fixed.push(x.form);
    else if (x.kind === 'apply') fixed.push(...x.indices);
  });
  return { addresses, fixed };
}

/** Rebuilds expressions with other forms; shared parts stay shared, and ids stay. */
export class FormMapper {
  readonly #done = new Map<Expression, Expression>();
  /** `load`: what happens to places in memory, where that differs. */
  constructor(
    readonly map: (form: LinearForm) => LinearForm,
    readonly load: (form: LinearForm, operand: number) => LinearForm = map,
  ) {}

  expression(e: Expression): Expression {
    let out = this.#done.get(e);
    if (out === undefined) {
      out = this.#rebuild(e);
      this.#done.set(e, out);
    }
    return out;
  }
  #rebuild(e: Expression): Expression {
    switch (e.kind) {
      case 'load':
        return { ...e, form: this.load(e.form, e.operand) };
      case 'constant':
      case 'accumulator':
        return e;
      case 'apply':
        return {
          ...e,
          inputs: e.inputs.map((i) => (i === undefined ? undefined : this.expression(i))),
          indices: e.indices.map((f) => this.map(f)),
        };
      case 'scalar-op':
        return { ...e, inputs: e.inputs.map((i) => this.expression(i)) };
      case 'guarded':
        return {
          ...e,
          guards: e.guards.map((g) => ({ ...g, form: this.map(g.form) })),
          inside: this.expression(e.inside),
          outside: this.expression(e.outside),
        };
      case 'piecewise':
        return { ...e, form: this.map(e.form), parts: e.parts.map((p) => this.expression(p)) };
    }
  }
}
