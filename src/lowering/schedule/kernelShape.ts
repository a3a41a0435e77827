/** What the schedule model knows of a kernel: its loops by kind, its accesses, its arithmetic, its padding. */
import { types as t } from '../../ir';
import { paddingIsNeutral } from '../loops/combiner';
import type { Expression, Guard } from '../loops/expression';
import { visitExpression } from '../loops/expression';
import { kernelGuards } from '../loops/kernelGuards';
import type { LinearForm } from '../loops/linearForm';
import { formKey } from '../loops/linearForm';
import type { Kernel } from '../loops/readDispatch';
import type { Target } from './target';

export interface Access {
  /** Number of the operand that is read, or of the result that is written. */
  readonly operand: number;
  readonly form: LinearForm;
  /** Of an element. */
  readonly bytes: number;
}
export interface KernelShape {
  readonly kernel: Kernel;
  readonly parallel: readonly number[];
  readonly reductions: readonly number[];
  /** Read once per iteration of all loops. */
  readonly inner: readonly Access[];
  /** Read or written once per result. */
  readonly outer: readonly Access[];
  readonly outputs: readonly Access[];
  /** Vector instructions of the body per iteration. */
  readonly operations: number;
  readonly lanes: number;
  readonly guards: readonly Guard[];
  /** Guards of padding that reductions may skip. */
  readonly skippable: ReadonlySet<Guard>;
}

function loadsOf(e: Expression | undefined, into: Map<string, Access>): void {
  if (e === undefined) return;
  visitExpression(e, (x) => {
    if (x.kind === 'load')
      into.set(`${x.operand}:${formKey(x.form)}`, {
        operand: x.operand,
        form: x.form,
        bytes: t.storageBytes(x.type),
      });
  });
}
export function describeKernel(kernel: Kernel, target: Target): KernelShape {
  const inner = new Map<string, Access>();
  const outer = new Map<string, Access>();
  kernel.reduction?.inputs.forEach((i) => {
    loadsOf(i, inner);
  });
  kernel.reduction?.inits.forEach((i) => {
    loadsOf(i, outer);
  });
  kernel.outputs.forEach((o) => {
    loadsOf(o.value, outer);
  });
  const outputs = kernel.outputs.map((o): Access => ({
    operand: o.result,
    form: o.form,
    bytes: t.storageBytes(o.type.element),
  }));
  const results = kernel.reduction?.op.results.map((r) => t.storageBytes(t.elementOf(r.type))) ?? [];
  const widest = Math.max(
    1,
    ...[...inner.values(), ...outer.values(), ...outputs].map((a) => a.bytes),
    ...results,
  );
  const arithmetic =
    kernel.reduction?.op.body().ops.filter((op) => op.dialect === 'arith' || op.dialect === 'math').length ??
    1;
  const fused =
    target.fma && kernel.reduction?.op.body().ops.some((op) => op.name === 'arith.mulf') === true ? 1 : 0;
  const kinds = kernel.loops.map((l) => l.kind);
  return {
    kernel,
    parallel: kinds.flatMap((k, i) => (k === 'parallel' ? [i] : [])),
    reductions: kinds.flatMap((k, i) => (k === 'reduction' ? [i] : [])),
    inner: [...inner.values()],
    outer: [...outer.values()],
    outputs,
    operations: kernel.reduction?.group === undefined ? Math.max(1, arithmetic - fused) : 1,
    lanes: Math.max(1, 2 ** Math.floor(Math.log2(target.vectorBytes / widest))),
    guards: kernelGuards(kernel),
    skippable: new Set(
      (kernel.reduction?.inputs ?? []).flatMap((input, i) =>
        input?.kind === 'guarded' && paddingIsNeutral(kernel.reduction!, i, input.outside)
          ? input.guards
          : [],
      ),
    ),
  };
}
export const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
/** Iterations of some loops together. */
export const volume = (s: KernelShape, loops: readonly number[]): number =>
  product(loops.map((l) => s.kernel.loops[l]!.size));

/** Registers that `count` elements take. */
export function registersFor(count: number, lanes: number): number {
  let n = Math.floor(count / lanes);
  for (let rest = count % lanes; rest > 0; rest &= rest - 1) n++;
  return n;
}

export const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/** Distinct elements that an access reads over all loops; strides do not matter. */
export const footprint = (form: LinearForm, sizes: readonly number[]): number =>
  product(sizes.filter((_, l) => form.coefficients[l] !== 0));

/** Reduction loops that decide padding together with a parallel loop: unrolled when that loop is. */
export function tapLoops(s: KernelShape, parallel: number): readonly number[] {
  const guards = s.guards.filter((g) => g.form.coefficients[parallel] !== 0);
  return s.reductions.filter((l) => guards.some((g) => g.form.coefficients[l] !== 0));
}
/** Whether several iterations of a parallel loop may be in one register tile. */
export function canUnroll(s: KernelShape, loop: number): boolean {
  const guards = s.guards.filter((g) => g.form.coefficients[loop] !== 0);
  return guards.every((g) => s.skippable.has(g)) && volume(s, tapLoops(s, loop)) <= 16;
}
