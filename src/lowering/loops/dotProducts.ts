/**
 * Sums of products of 8-bit integers in groups of four neighbours, as processors add them in one instruction: the loop
 * over a group goes, and its inputs are read as one word of four elements. Weights are brought into that order by
 * `pack-dots`.
 */
import type { Operation, Value } from '../../ir';
import { types as t } from '../../ir';
import { combinerOf } from './combiner';
import type { Expression, LoadExpression } from './expression';
import { mapKernel } from './joinLoops';
import type { LinearForm } from './linearForm';
import type { Kernel, Reduction } from './readDispatch';

/** Elements of a group. */
export const groupSize = 4;

const conversions = new Set(['arith.extsi', 'arith.extui', 'builtin.unrealized_conversion_cast']);
const isByte = (type: t.Type): boolean => type.kind === 'integer' && type.width === 8;

/** The block argument of 8 bits that a value is widened from. */
function byteArgument(v: Value): Value | undefined {
  let at = v;
  while (at.kind === 'result' && conversions.has(at.op.name)) at = at.op.operand(0);
  return at.kind === 'argument' && isByte(at.type) ? at : undefined;
}
/** The two inputs, by number, whose products `op` (a linalg.generic) sums in 32 bits; undefined for other bodies. */
export function byteProduct(op: Operation, sum: Value | undefined): readonly [number, number] | undefined {
  const product = sum?.definingOp;
  if (product?.name !== 'arith.muli' || t.elementOf(product.result().type) !== t.i32) return undefined;
  const [a, b] = product.operands.map(byteArgument);
  if (a?.kind !== 'argument' || b?.kind !== 'argument' || a === b) return undefined;
  return a.block === op.body() ? [a.index, b.index] : undefined;
}
export const byteProductOf = (reduction: Reduction): readonly [number, number] | undefined =>
  reduction.inits.length === 1
    ? byteProduct(reduction.op, combinerOf(reduction, 0)?.contribution)
    : undefined;

/** The kernel with its innermost loop of a group folded into words, where it has one; else the kernel. */
export function foldDots(kernel: Kernel): Kernel {
  const { reduction, loops } = kernel;
  const product = reduction === undefined ? undefined : byteProductOf(reduction);
  if (reduction === undefined || product === undefined) return kernel;
  // Loops along which neighbouring words lie side by side.
  const panels = loops.flatMap((l, i) => {
    const walks = (e: Expression | undefined): boolean =>
      loadOf(e, [])?.form.coefficients[i] === groupSize && l.kind === 'parallel';
    return product.some((p) => walks(reduction.inputs[p])) ? [i] : [];
  });
  const loop = loops.findIndex((l, i) => {
    const loads = product.map((p) => loadOf(reduction.inputs[p], [i, ...panels]));
    return (
      l.kind === 'reduction' && l.size === groupSize && loads.every((e) => e !== undefined && isWords(e, i))
    );
  });
  if (loop < 0 || panels.length === 0) return kernel;
  const drop = (f: LinearForm): LinearForm => ({
    coefficients: f.coefficients.filter((_, l) => l !== loop),
    constant: f.constant,
  });
  const folded = mapKernel(
    kernel,
    loops.filter((_, l) => l !== loop),
    drop,
  );
  const words = folded.reduction!.inputs.map((e, i) =>
    e !== undefined && product.includes(i) ? asWords(e) : e,
  );
  return { ...folded, reduction: { ...folded.reduction!, inputs: words, group: groupSize } };
}
/** What is read where the guards hold, if they do not tell the elements of a word, or of a panel of words, apart. */
function loadOf(e: Expression | undefined, loops: readonly number[]): LoadExpression | undefined {
  if (e?.kind !== 'guarded') return e?.kind === 'load' ? e : undefined;
  const apart = e.guards.some((g) => loops.some((l) => g.form.coefficients[l] !== 0));
  return apart ? undefined : loadOf(e.inside, loops);
}
/** Whether loop `l` walks the elements of whole words. */
const isWords = (e: LoadExpression, l: number): boolean =>
  e.form.coefficients[l] === 1 &&
  e.form.constant % groupSize === 0 &&
  e.form.coefficients.every((c, i) => i === l || c % groupSize === 0);
const asWords = (e: Expression): Expression =>
  e.kind === 'guarded'
    ? { ...e, type: t.i32, inside: asWords(e.inside) }
    : e.kind === 'load'
      ? wordLoad(e)
      : e;
const wordLoad = (e: LoadExpression): LoadExpression => ({
  ...e,
  type: t.i32,
  form: {
    coefficients: e.form.coefficients.map((c) => c / groupSize),
    constant: e.form.constant / groupSize,
  },
});
