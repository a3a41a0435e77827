/** Arithmetic in expansions, written as formulas. */
import type { Value } from '../../operation';
import type { Shape, Type } from '../../types';
import * as nn from '../nn';
import { reshapeTo, scalarLike, shapeOf, typeOf } from './build';
import type { Expansion } from './defineOnnxOp';

/** Arithmetic on values and numbers; numbers take the element type of the other operand. */
export function calculator(e: Expansion) {
  const { b } = e;
  type Term = Value | number;
  const operands = (p: Term, q: Term): { lhs: Value; rhs: Value } => {
    if (typeof p === 'number') {
      if (typeof q === 'number') throw new TypeError('one operand must be a value');
      return { lhs: scalarLike(e, q, p), rhs: q };
    }
    return { lhs: p, rhs: typeof q === 'number' ? scalarLike(e, p, q) : q };
  };
  return {
    add: (p: Term, q: Term): Value => b.value(nn.add, operands(p, q)),
    sub: (p: Term, q: Term): Value => b.value(nn.sub, operands(p, q)),
    mul: (p: Term, q: Term): Value => b.value(nn.mul, operands(p, q)),
    div: (p: Term, q: Term): Value => b.value(nn.div, operands(p, q)),
    max: (p: Term, q: Term): Value => b.value(nn.max, operands(p, q)),
    min: (p: Term, q: Term): Value => b.value(nn.min, operands(p, q)),
    exp: (input: Value): Value => b.value(nn.exp, { input }),
    log: (input: Value): Value => b.value(nn.log, { input }),
    abs: (input: Value): Value => b.value(nn.abs, { input }),
    neg: (input: Value): Value => b.value(nn.neg, { input }),
    erf: (input: Value): Value => b.value(nn.erfOp, { input }),
    tanh: (input: Value): Value => b.value(nn.tanh, { input }),
    sqrt: (input: Value): Value => b.value(nn.sqrt, { input }),
    sigmoid: (input: Value): Value => b.value(nn.sigmoid, { input }),
    pow: (p: Term, q: Term): Value => b.value(nn.pow, operands(p, q)),
    compare: (p: Term, predicate: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', q: Term): Value =>
      b.value(nn.compare, { ...operands(p, q), predicate }),
    select: (condition: Value, p: Term, q: Term): Value => {
      const { lhs, rhs } = operands(p, q);
      return b.value(nn.select, { condition, on_true: lhs, on_false: rhs });
    },
    cast: (input: Value, to: Type): Value =>
      typeOf(input).element === to ? input : b.value(nn.cast, { input, to }),
    matmul: (lhs: Value, rhs: Value): Value => b.value(nn.matmul, { lhs, rhs }),
    transpose: (input: Value, permutation: readonly number[]): Value =>
      permutation.every((p, i) => p === i) ? input : b.value(nn.transpose, { input, permutation }),
    sum: (input: Value, axes: readonly number[], keepdims = true): Value =>
      b.value(nn.reduceSum, { input, axes, keepdims }),
    mean: (input: Value, axes: readonly number[], keepdims = true): Value =>
      b.value(nn.reduceMean, { input, axes, keepdims }),
    largest: (input: Value, axes: readonly number[], keepdims = true): Value =>
      b.value(nn.reduceMax, { input, axes, keepdims }),
    reshape: (input: Value, shape: Shape): Value => reshapeTo(e, input, shape),
    concat: (inputs: readonly Value[], axis: number): Value =>
      inputs.length === 1 ? inputs[0]! : b.value(nn.concat, { inputs, axis }),
    broadcast: (input: Value, shape: Shape): Value => b.value(nn.broadcast, { input, shape }),
    /** Elements `start` to before `end` of one axis. */
    part: (input: Value, axis: number, start: number, end: number, step = 1): Value => {
      const shape = shapeOf(input);
      return b.value(nn.slice, {
        input,
        starts: shape.map((_, i) => (i === axis ? start : 0)),
        ends: shape.map((d, i) => (i === axis ? end : d)),
        steps: shape.map((_, i) => (i === axis ? step : 1)),
      });
    },
  };
}
