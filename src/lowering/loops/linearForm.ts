/**
 * Linear forms over the loops of a kernel: `constant + Σ coefficient·loop`. Every address and every bound of a kernel
 * is one, which is what makes tiling, vectorising and joining loops simple.
 */
import type { AffineExpr, AffineMap } from '../../ir';
import { affineAdd, affineConstant, affineDim, affineMul, linearForm } from '../../ir';

export interface LinearForm {
  /** One per loop. */
  readonly coefficients: readonly number[];
  readonly constant: number;
}

export const constantForm = (rank: number, constant: number): LinearForm => ({
  coefficients: new Array<number>(rank).fill(0),
  constant,
});
export const loopForm = (rank: number, loop: number): LinearForm => ({
  coefficients: Array.from({ length: rank }, (_, i) => (i === loop ? 1 : 0)),
  constant: 0,
});
export const addForms = (a: LinearForm, b: LinearForm): LinearForm => ({
  coefficients: a.coefficients.map((c, i) => c + b.coefficients[i]!),
  constant: a.constant + b.constant,
});
export const scaleForm = (a: LinearForm, factor: number): LinearForm => ({
  coefficients: a.coefficients.map((c) => c * factor),
  constant: a.constant * factor,
});
export const shiftForm = (a: LinearForm, by: number): LinearForm => ({ ...a, constant: a.constant + by });
export const isZeroForm = (a: LinearForm): boolean =>
  a.constant === 0 && a.coefficients.every((c) => c === 0);
export const sameForm = (a: LinearForm, b: LinearForm): boolean =>
  a.constant === b.constant && a.coefficients.every((c, i) => c === b.coefficients[i]);
export const formKey = (a: LinearForm): string => `${a.coefficients.join(',')};${a.constant}`;

/** `Σ factor·form`. */
export function combineForms(
  rank: number,
  forms: readonly LinearForm[],
  factors: readonly number[],
  constant = 0,
): LinearForm {
  return forms.reduce((sum, f, i) => addForms(sum, scaleForm(f, factors[i]!)), constantForm(rank, constant));
}

/** The results of `map` with forms for its dims; undefined when one is not linear. */
export function composeMap(
  map: AffineMap,
  dims: readonly LinearForm[],
  rank: number,
): readonly LinearForm[] | undefined {
  const out: LinearForm[] = [];
  for (const result of map.results) {
    const linear = linearForm(result, map.numDims);
    if (linear === undefined) return undefined;
    out.push(combineForms(rank, dims, linear.coefficients, linear.constant));
  }
  return out;
}

/** The form as an affine expression over the loops in `order`: `d0` stands for `order[0]`. */
export function formExpression(form: LinearForm, order: readonly number[]): AffineExpr {
  let e: AffineExpr | undefined;
  order.forEach((loop, i) => {
    const c = form.coefficients[loop]!;
    if (c === 0) return;
    const term = affineMul(affineDim(i), affineConstant(c));
    e = e === undefined ? term : affineAdd(e, term);
  });
  return e === undefined ? affineConstant(form.constant) : affineAdd(e, affineConstant(form.constant));
}

/** Smallest and largest value when each loop lies in its range (inclusive). */
export function formInterval(
  form: LinearForm,
  ranges: readonly (readonly [number, number])[],
): readonly [number, number] {
  let low = form.constant;
  let high = form.constant;
  form.coefficients.forEach((c, i) => {
    if (c === 0) return;
    const [from, to] = ranges[i]!;
    low += c * (c > 0 ? from : to);
    high += c * (c > 0 ? to : from);
  });
  return [low, high];
}
