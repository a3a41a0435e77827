/**
 * Kernels of several phases: a dispatch.region whose body is a list of dispatch.regions, each a loop nest of its own
 * (the maximum, the exponentials and the sum of a softmax; both products of attention). All of them have some parallel
 * loops in common; a unit of the kernel runs every phase for some iterations of these, and what one phase leaves for
 * the next stays in memory of the thread. Used by fuse-rows, the schedule chooser and lowering to loops.
 */
import type { Operation, Value, types } from '../../ir';
import { types as t } from '../../ir';
import { isContraction } from './combiner';
import type { Expression } from './expression';
import { visitExpression } from './expression';
import { mapKernel, simplifyLoops } from './joinLoops';
import type { LinearForm } from './linearForm';
import type { Kernel, Loop } from './readDispatch';
import { readDispatch } from './readDispatch';
import { loopMessages } from './messages';

/** Where a phase finds an operand: in result `result` of an earlier phase, or outside of the kernel. */
export type Source =
  | { readonly kind: 'phase'; readonly phase: number; readonly result: number }
  | { readonly kind: 'outside'; readonly value: Value };
export interface Phase {
  readonly region: Operation;
  /** All loops of the root op, none joined. */
  readonly kernel: Kernel;
  /** One per operand of the region. */
  readonly sources: readonly Source[];
}

const isRegion = (op: Operation): boolean => op.name === 'dispatch.region';
/** The regions that a kernel of several phases is made of; empty for other kernels. */
export const phaseRegions = (region: Operation): readonly Operation[] => region.body().ops.filter(isRegion);
export const isPhased = (region: Operation): boolean => phaseRegions(region).length > 0;
/** Whether the region is a phase of another. */
export const isPhase = (op: Operation): boolean => op.parentOp !== undefined && isRegion(op.parentOp);

/** The value before reshapes: the same memory. */
export function memoryOf(v: Value): Value {
  let source = v;
  while (
    source.kind === 'result' &&
    (source.op.name === 'tensor.expand_shape' || source.op.name === 'tensor.collapse_shape')
  )
    source = source.op.operand(0);
  return source;
}

/** Reads `regions` as phases, in order. */
export function readPhases(regions: readonly Operation[]): readonly Phase[] {
  return regions.map((region) => ({
    region,
    kernel: readDispatch(region),
    sources: region.operands.map((v): Source => {
      const value = memoryOf(v);
      const phase = value.kind === 'result' ? regions.indexOf(value.op) : -1;
      return phase < 0 ? { kind: 'outside', value } : { kind: 'phase', phase, result: value.index };
    }),
  }));
}

/** The phases of a kernel, of which the last gives its results. Throws STR0540 for another body. */
export function phasesOf(region: Operation): readonly Phase[] {
  const phases = readPhases(phaseRegions(region));
  const last = phases[phases.length - 1]!.region;
  const gives = region.body().terminator.operands.map(memoryOf);
  if (gives.length !== last.results.length || gives.some((v, i) => v !== last.results[i])) {
    const name = region.attr('sym_name');
    throw loopMessages.error('STR0540', {
      dispatch: name?.kind === 'string' ? name.value : '?',
      problem: 'its results are not those of its last phase',
    });
  }
  return phases;
}

/** Every expression of a kernel, each once. */
function visitKernel(kernel: Kernel, visit: (e: Expression) => void): void {
  const seen = new Set<Expression>();
  const all = [
    ...(kernel.reduction?.inputs ?? []),
    ...(kernel.reduction?.inits ?? []),
    ...kernel.outputs.map((o) => o.value),
  ];
  for (const e of all) if (e !== undefined) visitExpression(e, visit, seen);
}

/**
 * Parallel loops that all phases have in common, outermost first: per loop, its number in each phase. Loops are the
 * same where one phase reads an element that another wrote at the same place of both. Empty where a phase reads what
 * another iteration wrote.
 */
export function sharedLoops(phases: readonly Phase[]): readonly (readonly number[])[] {
  const classes = new LoopClasses(phases);
  for (const [m, phase] of phases.entries()) {
    let whole = true;
    visitKernel(phase.kernel, (e) => {
      const source = e.kind === 'load' ? phase.sources[e.operand] : undefined;
      if (e.kind !== 'load' || source?.kind !== 'phase') return;
      const written = phases[source.phase]!.kernel.outputs[source.result]!.form;
      if (e.form.constant !== 0 || written.constant !== 0) whole = false;
      classes.join(source.phase, written, m, e.form);
    });
    if (!whole) return [];
  }
  const last = phases.length - 1;
  const place = (c: readonly number[]): number =>
    phases[last]!.kernel.outputs[0]!.form.coefficients[c[last]!]!;
  // Sides of products that stay the same along a loop are read again in each of its iterations: it is the inner one.
  const again = (c: readonly number[]): number =>
    phases.reduce((n, p, m) => n + outerSides(p).filter((f) => f.coefficients[c[m]!] === 0).length, 0);
  return [...classes.shared()].sort((a, b) => again(a) - again(b) || place(b) - place(a));
}

/** Where the product of a phase, if it is one, reads what comes from outside of all phases. */
function outerSides({ kernel, sources }: Phase): readonly LinearForm[] {
  if (!isContraction(kernel.reduction)) return [];
  return kernel.reduction!.inputs.flatMap((e) =>
    e?.kind === 'load' && sources[e.operand]?.kind === 'outside' ? [e.form] : [],
  );
}

class LoopClasses {
  readonly #parent: number[];
  readonly #first: number[] = [];
  readonly #blocked = new Set<number>();

  constructor(readonly phases: readonly Phase[]) {
    let count = 0;
    for (const p of phases) {
      this.#first.push(count);
      count += p.kernel.loops.length;
    }
    this.#parent = Array.from({ length: count }, (_, i) => i);
  }
  #root(i: number): number {
    let at = i;
    while (this.#parent[at] !== at) at = this.#parent[at]!;
    return at;
  }
  /** Joins the loops of phase `p`, which writes at `written`, with those of phase `m`, which reads that at `read`. */
  join(p: number, written: LinearForm, m: number, read: LinearForm): void {
    const [writer, reader] = [this.phases[p]!.kernel.loops, this.phases[m]!.kernel.loops];
    const matched = new Set<number>();
    written.coefficients.forEach((c, i) => {
      if (c === 0) return;
      const j = read.coefficients.findIndex((x, l) => x === c && reader[l]!.size === writer[i]!.size);
      if (j < 0) this.#blocked.add(this.#first[p]! + i);
      else {
        matched.add(j);
        this.#parent[this.#root(this.#first[p]! + i)] = this.#root(this.#first[m]! + j);
      }
    });
    // A loop that moves the place read, but not along one that wrote it, reads other iterations.
    read.coefficients.forEach((c, j) => {
      if (c !== 0 && !matched.has(j)) this.#blocked.add(this.#first[m]! + j);
    });
  }
  /** Classes with exactly one loop of each phase, all parallel. */
  shared(): readonly (readonly number[])[] {
    const blocked = new Set([...this.#blocked].map((i) => this.#root(i)));
    const members = new Map<number, (number | undefined)[]>();
    this.phases.forEach(({ kernel }, p) =>
      kernel.loops.forEach((loop, l) => {
        if (loop.size === 1) return;
        const root = this.#root(this.#first[p]! + l);
        if (loop.kind !== 'parallel') blocked.add(root);
        const list = members.get(root) ?? [];
        if (list[p] !== undefined) blocked.add(root);
        list[p] = l;
        members.set(root, list);
      }),
    );
    return [...members].flatMap(([root, list]) =>
      blocked.has(root) || this.phases.some((_, p) => list[p] === undefined) ? [] : [list as number[]],
    );
  }
}

/** How the common loops are cut: `block` iterations of one of them per unit, one iteration of each other. */
export interface Cut {
  readonly shared: readonly (readonly number[])[];
  /** Index in `shared`; absent when nothing is shared: one unit does everything. */
  readonly blocked: number | undefined;
  readonly block: number;
}
/** Elements of the thread's memory that result `result` of phase `phase` takes in a unit. */
export function localElements(phases: readonly Phase[], phase: number, result: number, cut: Cut): number {
  const { kernel } = phases[phase]!;
  // A unit that does everything keeps the result as it lies in memory: it may be read at any place.
  if (cut.shared.length === 0) return t.elementCount(kernel.outputs[result]!.type.shape) ?? 0;
  return localDims(kernel, kernel.outputs[result]!.form, phase, cut).reduce((n, d) => n * d.size, 1);
}

interface LocalDim {
  /** Distance in the whole tensor. */
  readonly step: number;
  /** Iterations of it in a unit. */
  readonly size: number;
}
/** Dims of what a phase writes at `form`, with the largest step first. */
function localDims(kernel: Kernel, form: LinearForm, phase: number, cut: Cut): readonly LocalDim[] {
  return form.coefficients
    .flatMap((step, l): LocalDim[] => {
      if (step === 0) return [];
      const at = cut.shared.findIndex((c) => c[phase] === l);
      return [{ step, size: at < 0 ? kernel.loops[l]!.size : at === cut.blocked ? cut.block : 1 }];
    })
    .sort((a, b) => b.step - a.step);
}

/** A phase within a unit: first a loop per common loop, which stands at the unit, then those that run. */
export interface LocalPhase {
  readonly kernel: Kernel;
  /** The same without the loops of units: what a schedule is chosen for. */
  readonly inner: Kernel;
}

/**
 * Phase `m` of a unit. The unit stands at `unit · cut.block` of the blocked loop and runs `extent` iterations of it;
 * places in results of other phases count within the unit.
 */
export function localPhase(phases: readonly Phase[], m: number, cut: Cut, extent: number): LocalPhase {
  const { kernel, sources } = phases[m]!;
  const own = cut.shared.map((c) => c[m]!);
  const blockedLoop = cut.blocked === undefined ? undefined : own[cut.blocked]!;
  const rest = kernel.loops.flatMap((_, l) => (own.includes(l) ? [] : [l]));
  const isLast = m === phases.length - 1;
  const units = own.map((l): Loop => {
    const { name, size } = kernel.loops[l]!;
    return {
      name: `${name}.unit`,
      size: l === blockedLoop ? Math.ceil(size / cut.block) : size,
      kind: 'parallel',
    };
  });
  const loops: Loop[] = [
    ...units,
    ...(blockedLoop === undefined ? [] : [{ ...kernel.loops[blockedLoop]!, size: extent }]),
    ...rest.map((l) => kernel.loops[l]!),
  ];
  const moved = (f: LinearForm): LinearForm => ({
    coefficients: [
      ...own.map((l) => f.coefficients[l]! * (l === blockedLoop ? cut.block : 1)),
      ...(blockedLoop === undefined ? [] : [f.coefficients[blockedLoop]!]),
      ...rest.map((l) => f.coefficients[l]!),
    ],
    constant: f.constant,
  });
  const local = (f: LinearForm, phase: number, result: number): LinearForm => {
    if (cut.shared.length === 0) return moved(f);
    const writer = phases[phase]!.kernel;
    const dims = localDims(writer, writer.outputs[result]!.form, phase, cut);
    const steps = dims.map((_, i) => dims.slice(i + 1).reduce((n, d) => n * d.size, 1));
    const inUnit = (c: number): number => {
      const i = dims.findIndex((d) => d.step <= Math.abs(c) && c % d.step === 0);
      return i < 0 ? 0 : (c / dims[i]!.step) * steps[i]!;
    };
    return {
      coefficients: [
        ...own.map(() => 0),
        ...(blockedLoop === undefined ? [] : [inUnit(f.coefficients[blockedLoop]!)]),
        ...rest.map((l) => inUnit(f.coefficients[l]!)),
      ],
      constant: 0,
    };
  };
  const mapped = mapKernel(kernel, loops, moved, {
    load: (f, operand) => {
      const source = sources[operand]!;
      return source.kind === 'outside' ? moved(f) : local(f, source.phase, source.result);
    },
    output: (f, result) => (isLast ? moved(f) : local(f, m, result)),
  });
  const simple = simplifyLoops(mapped, units.length);
  const n = units.length;
  const inner = mapKernel(simple, simple.loops.slice(n), (f) => ({
    coefficients: f.coefficients.slice(n),
    constant: f.constant,
  }));
  return { kernel: simple, inner };
}

/** The element type of a phase's result. */
export const resultElement = (phase: Phase, result: number): types.Type =>
  t.elementOf(phase.kernel.outputs[result]!.type);
