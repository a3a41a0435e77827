/**
 * `defineOp`: the one declaration of an op. Parser, printer, verifier, hover text, interpreter, cost model and
 * the op reference (`docs/ops.md`) all read it. Accessors are typed from it: `conv2d.view(op).strides` is
 * `readonly number[]`, `conv2d.view(op).bias` is `Value | undefined`.
 */
import type { Attribute } from './attributes';
import { denseArray } from './attributes';
import type { AssemblyFormat, CustomAssembly } from './assembly';
import { compileAssembly } from './assembly';
import type { AttributeCodec, TypeConstraint } from './constraints';
import type {
  Branch,
  EvaluationContext,
  RuntimeValue,
  ScalarKernel,
  Step,
  StepCompiler,
} from './interpreter/runtimeValue';
import type { Location } from './location';
import { irMessages } from './messages';
import type { Block, Operation, Region, Value } from './operation';
import type { Type } from './types';
import { i32 } from './types';

export type Arity = 'one' | 'optional' | 'variadic';

/** An operand or result in a declaration. */
export interface ValueSpec<A extends Arity = Arity> {
  readonly arity: A;
  readonly constraint: TypeConstraint;
  readonly doc: string;
}
export const one = (constraint: TypeConstraint, doc = ''): ValueSpec<'one'> => ({
  arity: 'one',
  constraint,
  doc,
});
export const optional = (constraint: TypeConstraint, doc = ''): ValueSpec<'optional'> => ({
  arity: 'optional',
  constraint,
  doc,
});
export const variadic = (constraint: TypeConstraint, doc = ''): ValueSpec<'variadic'> => ({
  arity: 'variadic',
  constraint,
  doc,
});

/** An inherent attribute in a declaration. */
export interface AttrSpec<T = unknown, Required extends boolean = boolean> {
  readonly codec: AttributeCodec<T>;
  readonly required: Required;
  /** The value when absent; such an attribute prints only when it differs. */
  readonly fallback: T | undefined;
  readonly doc: string;
}
export const attr = <T>(codec: AttributeCodec<T>, doc = ''): AttrSpec<T, true> => ({
  codec,
  required: true,
  fallback: undefined,
  doc,
});
export const optionalAttr = <T>(codec: AttributeCodec<T>, doc = ''): AttrSpec<T, false> => ({
  codec,
  required: false,
  fallback: undefined,
  doc,
});
/** May be left out; reads as `fallback` then. */
export const defaultAttr = <T>(
  codec: AttributeCodec<T>,
  fallback: T,
  doc = '',
): AttrSpec<T, true> & { readonly optionalToGive: true } => ({
  codec,
  required: true,
  fallback,
  doc,
  optionalToGive: true,
});

export type ValueSpecs = Readonly<Record<string, ValueSpec>>;
export type AttrSpecs = Readonly<Record<string, AttrSpec>>;

/**
 * What holds for an op by declaration.
 * - `pure`: no side effect and no undefined behaviour; may be folded, merged and removed.
 * - `commutative`: operands may be swapped.
 * - `elementwise`: acts on each element on its own; operands and results have one shape (scalars too).
 * - `sameType`: all operands and results have one type. `sameOperandTypes`: all operands do.
 * - `terminator`: ends its block. `noTerminator`: its blocks need none. `isolated`: regions see no outer value.
 * - `symbol`: has `sym_name`. `symbolTable`: its region holds symbols.
 * - `constantLike`: its value is its `value` attribute. `singleBlock`: each region has one block.
 * - `graphRegion`: its regions have no dominance. `noProvenance`: scaffolding that need not lead to a model node.
 * - `allocates`, `reads`, `writes`: memory effects.
 * - `destinationStyle`: operands `outs` are tied to results.
 */
export type Trait =
  | 'pure'
  | 'commutative'
  | 'elementwise'
  | 'sameType'
  | 'sameOperandTypes'
  | 'terminator'
  | 'noTerminator'
  | 'isolated'
  | 'symbol'
  | 'symbolTable'
  | 'constantLike'
  | 'singleBlock'
  | 'graphRegion'
  | 'noProvenance'
  | 'allocates'
  | 'reads'
  | 'writes'
  | 'destinationStyle';

type ValueOf<S extends ValueSpec> =
  S extends ValueSpec<'one'> ? Value : S extends ValueSpec<'optional'> ? Value | undefined : readonly Value[];
type AttrValueOf<S extends AttrSpec> =
  S extends AttrSpec<infer T, infer R> ? (R extends true ? T : T | undefined) : never;

/** The typed face of an op: its operands, results and attributes by their declared names. */
export type OpView<O extends ValueSpecs, A extends AttrSpecs, R extends ValueSpecs> = {
  readonly op: Operation;
} & {
  readonly [K in keyof O]: ValueOf<O[K]>;
} & { readonly [K in keyof A]: AttrValueOf<A[K]> } & { readonly [K in keyof R]: ValueOf<R[K]> };

type GivenValues<O extends ValueSpecs> = {
  readonly [K in keyof O as O[K] extends ValueSpec<'one'> ? K : never]: Value;
} & { readonly [K in keyof O as O[K] extends ValueSpec<'optional'> ? K : never]?: Value | undefined } & {
  readonly [K in keyof O as O[K] extends ValueSpec<'variadic'> ? K : never]?: readonly Value[];
};
type GivenAttrs<A extends AttrSpecs> = {
  readonly [
    K in keyof A as A[K] extends { readonly optionalToGive: true }
      ? never
      : A[K] extends AttrSpec<unknown, true>
        ? K
        : never
  ]: AttrValueOf<A[K]>;
} & {
  readonly [
    K in keyof A as A[K] extends { readonly optionalToGive: true }
      ? K
      : A[K] extends AttrSpec<unknown, true>
        ? never
        : K
  ]?: AttrValueOf<A[K]> | undefined;
};
/** What a builder of the op is given: operands and attributes by name. */
export type OpArguments<O extends ValueSpecs, A extends AttrSpecs> = GivenValues<O> & GivenAttrs<A>;

/** Work of one execution: floating-point or integer operations, and bytes that must be moved at least once. */
export interface Work {
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** What result-type inference sees. Throw through `fail` to speak about the op that is being built. */
export interface InferenceInput<O extends ValueSpecs, A extends AttrSpecs> {
  readonly types: {
    readonly [K in keyof O]: O[K] extends ValueSpec<'one'>
      ? Type
      : O[K] extends ValueSpec<'optional'>
        ? Type | undefined
        : readonly Type[];
  };
  readonly attrs: { readonly [K in keyof A]: AttrValueOf<A[K]> };
}

export interface OpDeclaration<O extends ValueSpecs, A extends AttrSpecs, R extends ValueSpecs> {
  readonly name: string;
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** Semantics: shapes, units, edge cases, source. Markdown. */
  readonly doc?: string;
  readonly operands?: O;
  readonly attrs?: A;
  readonly results?: R;
  /** Names of the regions; a trailing `*` on the last means any number. */
  readonly regions?: readonly string[];
  readonly successors?: number;
  readonly traits?: readonly Trait[];
  /** Custom form: a format (see `assembly.ts`) or functions. Absent: generic form only. */
  readonly assembly?: string | AssemblyFormat | CustomAssembly;
  /**
   * Result types from operand types and attributes; throws `InferenceError` with what does not fit. The verifier
   * compares.
   */
  readonly infer?: (input: InferenceInput<O, A>) => readonly Type[];
  /** Constraints beyond types and attributes; returns what is wrong, as text. */
  readonly verify?: (view: OpView<O, A, R>) => string | undefined;
  /** Reference semantics on run-time values. One of `evaluate`, `scalar`, `compile` or `branch` gives an op its meaning. */
  readonly evaluate?: (view: OpView<O, A, R>, context: EvaluationContext) => readonly RuntimeValue[];
  /** Reference semantics of an elementwise op on one element; the interpreter lifts it to vectors and tensors. */
  readonly scalar?: (view: OpView<O, A, R>) => ScalarKernel;
  /** As `evaluate`, for hot ops: called once per op, returns what runs each time. */
  readonly compile?: (view: OpView<O, A, R>, compiler: StepCompiler) => Step;
  /** For terminators with successors: where control goes. */
  readonly branch?: (view: OpView<O, A, R>, context: EvaluationContext) => Branch;
  /** Work of one execution; undefined while a size is not known. */
  readonly work?: (view: OpView<O, A, R>) => Work | undefined;
  /** Regions that the custom form leaves out, because the operands decide them (named linalg ops). */
  readonly implicitRegions?: (operands: readonly Value[], location: Location) => readonly Region[];
  /** Preferred name of a region's entry argument: `in`, `out`. */
  readonly argumentName?: (op: Operation, region: number, index: number) => string | undefined;
  /** Preferred name of the results in printed text: `c0`, `cst`. */
  readonly resultName?: (op: Operation) => string | undefined;
}

/** Raised by `infer`: what does not fit, in the words of the op. */
export class InferenceError extends Error {
  override readonly name = 'InferenceError';
}

/** The definition without its static types, as generic code sees it. */
export interface OpDefinition {
  readonly name: string;
  readonly summary: string;
  readonly doc: string;
  readonly operands: ValueSpecs;
  readonly attrs: AttrSpecs;
  readonly results: ValueSpecs;
  readonly regions: readonly string[];
  readonly successors: number;
  readonly traits: ReadonlySet<Trait>;
  readonly assembly: CustomAssembly | undefined;
  /** Source of `assembly` when it is a format. */
  readonly assemblyText: string | undefined;
  isInherent(name: string): boolean;
  infer(
    operandTypes: readonly Type[],
    attributes: ReadonlyMap<string, Attribute>,
  ): readonly Type[] | undefined;
  verifyOp(op: Operation): string | undefined;
  readonly canEvaluate: boolean;
  /** The op's `evaluate`, its view made once. */
  evaluator(op: Operation): ((context: EvaluationContext) => readonly RuntimeValue[]) | undefined;
  scalarKernel(op: Operation): ScalarKernel | undefined;
  compileStep(op: Operation, compiler: StepCompiler): Step | undefined;
  brancher(op: Operation): ((context: EvaluationContext) => Branch) | undefined;
  work(op: Operation): Work | undefined;
  implicitRegions(operands: readonly Value[], location: Location): readonly Region[] | undefined;
  argumentName(op: Operation, region: number, index: number): string | undefined;
  resultName(op: Operation): string | undefined;
}

/** Where segments of variadic operands begin; see `operandSegmentSizes` in MLIR. */
export function segmentsOf(
  specs: ValueSpecs,
  total: number,
  sizes: readonly number[] | undefined,
  what: string,
): Segments {
  if (sizes !== undefined) return divide(specs, total, sizes, what);
  let known = dividedByTotal.get(specs);
  if (known === undefined) {
    known = new Map();
    dividedByTotal.set(specs, known);
  }
  let segments = known.get(total);
  if (segments === undefined) {
    segments = divide(specs, total, undefined, what);
    known.set(total, segments);
  }
  return segments;
}
/** Range [from, to) of values by declared name. */
type Segments = Readonly<Record<string, readonly [number, number]>>;
/** Without given sizes the division depends on the declaration and the number of values alone. */
const dividedByTotal = new WeakMap<ValueSpecs, Map<number, Segments>>();

function divide(
  specs: ValueSpecs,
  total: number,
  sizes: readonly number[] | undefined,
  what: string,
): Segments {
  const names = Object.keys(specs);
  const flexible = names.filter((n) => specs[n]!.arity !== 'one');
  const out: Record<string, readonly [number, number]> = {};
  let at = 0;
  names.forEach((name, i) => {
    const fixed = specs[name]!.arity === 'one';
    const size = sizes?.[i] ?? (fixed ? 1 : flexible.length === 1 ? total - (names.length - 1) : NaN);
    if (!(size >= 0) || at + size > total)
      throw new RangeError(`${what}: ${total} values do not fit ${names.join(', ')}`);
    out[name] = [at, at + size];
    at += size;
  });
  if (at !== total) throw new RangeError(`${what}: ${total} values do not fit ${names.join(', ')}`);
  return out;
}
/** Whether the op needs `operandSegmentSizes` (or `resultSegmentSizes`). */
export const needsSegments = (specs: ValueSpecs): boolean =>
  Object.values(specs).filter((s) => s.arity !== 'one').length > 1;

export class TypedOpDefinition<
  O extends ValueSpecs,
  A extends AttrSpecs,
  R extends ValueSpecs,
> implements OpDefinition {
  readonly name: string;
  readonly summary: string;
  readonly doc: string;
  readonly operands: O;
  readonly attrs: A;
  readonly results: R;
  readonly regions: readonly string[];
  readonly successors: number;
  readonly traits: ReadonlySet<Trait>;
  readonly assembly: CustomAssembly | undefined;
  readonly assemblyText: string | undefined;
  readonly #declaration: OpDeclaration<O, A, R>;

  constructor(declaration: OpDeclaration<O, A, R>) {
    this.#declaration = declaration;
    this.name = declaration.name;
    this.summary = declaration.summary;
    this.doc = declaration.doc ?? '';
    this.operands = declaration.operands ?? ({} as O);
    this.attrs = declaration.attrs ?? ({} as A);
    this.results = declaration.results ?? ({} as R);
    this.regions = declaration.regions ?? [];
    this.successors = declaration.successors ?? 0;
    this.traits = new Set(declaration.traits ?? []);
    const { assembly } = declaration;
    this.assembly =
      assembly === undefined
        ? undefined
        : typeof assembly === 'object' && 'parse' in assembly
          ? assembly
          : compileAssembly(this, assembly);
    this.assemblyText =
      typeof assembly === 'string'
        ? assembly
        : assembly !== undefined && 'format' in assembly
          ? assembly.format
          : undefined;
  }

  isInherent(name: string): boolean {
    return name in this.attrs || name === 'operandSegmentSizes' || name === 'resultSegmentSizes';
  }
  /** Whether `op` is of this kind. */
  is(op: Operation | undefined): boolean {
    return op?.name === this.name;
  }
  /** The typed face of `op` if it is of this kind. */
  as(op: Operation | undefined): OpView<O, A, R> | undefined {
    return op !== undefined && this.is(op) ? this.view(op) : undefined;
  }
  /** The op that defines `value`, if it is of this kind. */
  defining(value: Value | undefined): OpView<O, A, R> | undefined {
    return this.as(value?.definingOp);
  }
  view(op: Operation): OpView<O, A, R> {
    const view: Record<string, unknown> = { op };
    const pick = (specs: ValueSpecs, values: readonly Value[], sizes: Attribute | undefined): void => {
      const segments = segmentsOf(specs, values.length, segmentSizes(sizes), op.name);
      for (const name in specs) {
        const [from, to] = segments[name]!;
        view[name] =
          specs[name]!.arity === 'variadic' ? values.slice(from, to) : from < to ? values[from] : undefined;
      }
    };
    pick(this.operands, op.operands, op.attr('operandSegmentSizes'));
    pick(this.results, op.results, op.attr('resultSegmentSizes'));
    for (const name in this.attrs)
      view[name] = readAttribute(op.name, name, this.attrs[name]!, op.attr(name));
    return view as unknown as OpView<O, A, R>;
  }
  infer(
    operandTypes: readonly Type[],
    attributes: ReadonlyMap<string, Attribute>,
  ): readonly Type[] | undefined {
    const { infer } = this.#declaration;
    if (infer === undefined) {
      if (!this.traits.has('sameType')) return undefined;
      const [first] = operandTypes;
      return first === undefined ? undefined : Object.keys(this.results).map(() => first);
    }
    const segments = segmentsOf(
      this.operands,
      operandTypes.length,
      segmentSizes(attributes.get('operandSegmentSizes')),
      this.name,
    );
    const types: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(this.operands)) {
      const [from, to] = segments[name]!;
      types[name] =
        spec.arity === 'variadic' ? operandTypes.slice(from, to) : operandTypes.slice(from, to)[0];
    }
    const attrs: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(this.attrs))
      attrs[name] = readAttribute(this.name, name, spec, attributes.get(name));
    return infer({ types, attrs } as unknown as InferenceInput<O, A>);
  }
  verifyOp(op: Operation): string | undefined {
    return this.#declaration.verify?.(this.view(op));
  }
  get canEvaluate(): boolean {
    const { evaluate, scalar, compile, branch } = this.#declaration;
    return [evaluate, scalar, compile, branch].some((f) => f !== undefined);
  }
  evaluator(op: Operation): ((context: EvaluationContext) => readonly RuntimeValue[]) | undefined {
    const { evaluate } = this.#declaration;
    if (evaluate === undefined) return undefined;
    const view = this.view(op);
    return (context) => evaluate(view, context);
  }
  scalarKernel(op: Operation): ScalarKernel | undefined {
    return this.#declaration.scalar?.(this.view(op));
  }
  compileStep(op: Operation, compiler: StepCompiler): Step | undefined {
    return this.#declaration.compile?.(this.view(op), compiler);
  }
  brancher(op: Operation): ((context: EvaluationContext) => Branch) | undefined {
    const { branch } = this.#declaration;
    if (branch === undefined) return undefined;
    const view = this.view(op);
    return (context) => branch(view, context);
  }
  implicitRegions(operands: readonly Value[], location: Location): readonly Region[] | undefined {
    return this.#declaration.implicitRegions?.(operands, location);
  }
  argumentName(op: Operation, region: number, index: number): string | undefined {
    return this.#declaration.argumentName?.(op, region, index);
  }
  work(op: Operation): Work | undefined {
    return this.#declaration.work?.(this.view(op));
  }
  resultName(op: Operation): string | undefined {
    return this.#declaration.resultName?.(op);
  }
}

function segmentSizes(a: Attribute | undefined): readonly number[] | undefined {
  return a?.kind === 'dense_array' ? a.values.map(Number) : undefined;
}
function readAttribute(op: string, name: string, spec: AttrSpec, value: Attribute | undefined): unknown {
  if (value === undefined) {
    if (spec.required && spec.fallback === undefined) {
      throw irMessages.error('STR0121', { op, attribute: name, expected: spec.codec.describe });
    }
    return spec.fallback;
  }
  const read = spec.codec.read(value);
  if (read === undefined) {
    throw irMessages.error('STR0122', {
      op,
      attribute: name,
      expected: spec.codec.describe,
      found: value.text,
    });
  }
  return read;
}

/** Declares an op. See `docs/adding-an-op.md`. */
export function defineOp<
  const O extends ValueSpecs = Record<never, never>,
  const A extends AttrSpecs = Record<never, never>,
  const R extends ValueSpecs = Record<never, never>,
>(declaration: OpDeclaration<O, A, R>): TypedOpDefinition<O, A, R> {
  return new TypedOpDefinition(declaration);
}

export interface BuildOptions {
  /** Needed when the op infers no types. */
  readonly resultTypes?: readonly Type[] | undefined;
  readonly regions?: readonly Region[] | undefined;
  readonly successors?: readonly Block[] | undefined;
  /** Discardable attributes. */
  readonly extra?: Iterable<readonly [string, Attribute]> | undefined;
}

/** Operand list, attributes (with segment sizes) from arguments by name: what `Operation` is made of. */
export function lowerArguments<O extends ValueSpecs, A extends AttrSpecs, R extends ValueSpecs>(
  definition: TypedOpDefinition<O, A, R>,
  given: OpArguments<O, A>,
): { operands: Value[]; attributes: Map<string, Attribute> } {
  const named = given as Readonly<Record<string, unknown>>;
  const operands: Value[] = [];
  const sizes: number[] = [];
  for (const [name, spec] of Object.entries(definition.operands)) {
    const v = named[name] as Value | readonly Value[] | undefined;
    const list = v === undefined ? [] : Array.isArray(v) ? (v as readonly Value[]) : [v as Value];
    if (spec.arity === 'one' && list.length !== 1)
      throw new TypeError(`${definition.name} needs operand ${name}`);
    operands.push(...list);
    sizes.push(list.length);
  }
  const attributes = new Map<string, Attribute>();
  for (const [name, spec] of Object.entries(definition.attrs)) {
    const v = named[name];
    if (v !== undefined && !(spec.codec.presence === true && v === false))
      attributes.set(name, spec.codec.write(v));
  }
  if (needsSegments(definition.operands)) attributes.set('operandSegmentSizes', segmentAttribute(sizes));
  return { operands, attributes };
}

/** `array<i32: …>` as MLIR keeps segment sizes. */
export const segmentAttribute = (sizes: readonly number[]): Attribute => denseArray(i32, sizes);
