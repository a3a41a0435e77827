/**
 * `linalg.generic` as passes see it: operands with their maps, loops with their extents, the body. And its builder.
 * Used by every rule and pass of the structured stage.
 */
import type { Attribute, Block, Builder, Operation, Type, Value } from '../../ir';
import { affineConstant, affineDim, AffineMap, dimsOf, isDead, types } from '../../ir';
import { generic, linalgYield } from '../../ir/dialects/linalg';
import { empty } from '../../ir/dialects/tensor';

export type LoopKind = 'parallel' | 'reduction' | 'window';

/** An operand of a generic op with the map from loops to its elements, and what the body calls it. */
export interface MappedOperand {
  readonly value: Value;
  readonly map: AffineMap;
  readonly argument: Value;
}

export class Generic {
  readonly inputs: readonly MappedOperand[];
  readonly outputs: readonly MappedOperand[];
  readonly loops: readonly LoopKind[];
  readonly body: Block;

  private constructor(readonly op: Operation) {
    const view = generic.view(op);
    this.body = op.body();
    const mapped = [...view.inputs, ...view.outputs].map((value, i) => ({
      value,
      map: view.indexing_maps[i]!,
      argument: this.body.args[i]!,
    }));
    this.inputs = mapped.slice(0, view.inputs.length);
    this.outputs = mapped.slice(view.inputs.length);
    this.loops = view.iterator_types;
  }
  static of(op: Operation | undefined): Generic | undefined {
    return op !== undefined && generic.is(op) ? new Generic(op) : undefined;
  }
  static defining(value: Value): Generic | undefined {
    return Generic.of(value.definingOp);
  }

  get operands(): readonly MappedOperand[] {
    return [...this.inputs, ...this.outputs];
  }
  /** What the body gives for each output. */
  get yielded(): readonly Value[] {
    return this.body.terminator.operands;
  }
  /** Ops of the body but the terminator. */
  get bodyOps(): readonly Operation[] {
    return this.body.ops.slice(0, -1);
  }
  get isParallel(): boolean {
    return this.loops.every((k) => k === 'parallel');
  }
  /** Whether the body reads tensors at positions that it computes, or has loops: it is no function of scalars alone. */
  get readsTensors(): boolean {
    return this.body.ops.some((op) => op.name === 'tensor.extract' || op.regions.length > 0);
  }
  /** All loops parallel, one output that they write once each and whose old value is not read. */
  get isElementwise(): boolean {
    const [out, second] = this.outputs;
    return (
      this.isParallel &&
      !this.readsTensors &&
      out !== undefined &&
      second === undefined &&
      out.map.isPermutation &&
      !out.argument.hasUses
    );
  }
  /** Whether the body computes nothing: its one result is an input. */
  get isCopy(): boolean {
    return (
      this.isElementwise &&
      this.bodyOps.length === 0 &&
      this.inputs.some((i) => i.argument === this.yielded[0])
    );
  }
  /** Extents of the loops; undefined when a size is dynamic. */
  get extents(): readonly number[] | undefined {
    return loopExtents(
      this.operands.map((o) => ({ map: o.map, shape: shapeOf(o.value) })),
      this.loops.length,
    );
  }
  /** Attributes that are not part of the op's own. */
  get extra(): readonly (readonly [string, Attribute])[] {
    return [...this.op.attributes].filter(([name]) => !generic.isInherent(name));
  }
}

/** The shape of a tensor value. */
export function shapeOf(value: Value): readonly number[] {
  if (value.type.kind !== 'tensor') throw new TypeError(`a tensor is needed, found ${value.type.text}`);
  return value.type.shape;
}
export function elementTypeOf(value: Value): Type {
  return types.elementOf(value.type);
}

/** The extent of each loop, from the operand dimensions that a loop indexes alone. Undefined when one cannot be told. */
export function loopExtents(
  operands: readonly { readonly map: AffineMap; readonly shape: readonly number[] }[],
  loops: number,
): readonly number[] | undefined {
  const extents = new Array<number>(loops).fill(types.DYNAMIC);
  for (const { map, shape } of operands) {
    map.results.forEach((r, i) => {
      if (r.kind === 'dim' && extents[r.index] === types.DYNAMIC) extents[r.index] = shape[i]!;
    });
  }
  return types.isStatic(extents) ? extents : undefined;
}

/** Whether every loop indexes a dimension of some operand alone, as `linalg.generic` needs to know its extent. */
export function loopsAreKnown(maps: readonly AffineMap[], loops: number): boolean {
  const found = new Set(maps.flatMap((m) => m.results.flatMap((r) => (r.kind === 'dim' ? [r.index] : []))));
  return found.size === loops;
}

export interface GenericSpec {
  readonly inputs: readonly { readonly value: Value; readonly map: AffineMap }[];
  readonly outputs: readonly { readonly value: Value; readonly map: AffineMap }[];
  readonly loops: readonly LoopKind[];
  /** What the op is called; dispatches are named after it. */
  readonly doc?: string;
  /** Discardable attributes to keep. */
  readonly extra?: readonly (readonly [string, Attribute])[];
  /** Builds the body from one scalar per operand; the new value of each output. */
  readonly body: (b: Builder, inputs: readonly Value[], outputs: readonly Value[]) => readonly Value[];
}

/** Builds a generic op; its results. An input given twice with one map becomes one operand. */
export function buildGeneric(b: Builder, spec: GenericSpec): readonly Value[] {
  const distinct: { readonly value: Value; readonly map: AffineMap }[] = [];
  const slots = spec.inputs.map((i) => {
    const known = distinct.findIndex((d) => d.value === i.value && d.map.text === i.map.text);
    return known >= 0 ? known : distinct.push(i) - 1;
  });
  const operands = [...distinct, ...spec.outputs];
  const region = b.region(
    operands.map((o) => elementTypeOf(o.value)),
    (args) => {
      const outputs = args.slice(distinct.length);
      const results = spec.body(
        b,
        slots.map((s) => args[s]!),
        outputs,
      );
      b.op(linalgYield, { values: results });
    },
  );
  pruneBody(region.blocks[0]!);
  return b.op(
    generic,
    {
      inputs: distinct.map((o) => o.value),
      outputs: spec.outputs.map((o) => o.value),
      indexing_maps: operands.map((o) => o.map),
      iterator_types: spec.loops,
      ...(spec.doc === undefined ? {} : { doc: spec.doc }),
    },
    {
      resultTypes: spec.outputs.map((o) => o.value.type),
      regions: [region],
      ...(spec.extra === undefined ? {} : { extra: spec.extra }),
    },
  ).results;
}

/** Removes ops of a fresh body that nothing uses. */
function pruneBody(block: Block): void {
  for (const op of block.ops.reverse()) if (isDead(op)) op.erase();
}

/** Copies the ops of a body at the builder, with `args` for its arguments; what its terminator yields. */
export function inlineBody(b: Builder, body: Block, args: readonly Value[]): readonly Value[] {
  const mapping = new Map<Value, Value>(body.args.map((a, i) => [a, args[i]!]));
  for (const op of body.ops.slice(0, -1)) b.insert(op.clone(mapping));
  return body.terminator.operands.map((v) => mapping.get(v) ?? v);
}

/** A new tensor of unspecified content, as destination. */
export const emptyTensor = (b: Builder, shape: readonly number[], element: Type): Value =>
  b.value(empty, {}, types.tensor(shape, element));

/**
 * One value per element of `shape`, from inputs that broadcast to it as in NumPy (aligned at the last axis, sizes of 1
 * repeat) unless they come with a map.
 */
export function buildElementwise(
  b: Builder,
  inputs: readonly (Value | { readonly value: Value; readonly map: AffineMap })[],
  shape: readonly number[],
  element: Type,
  body: (b: Builder, args: readonly Value[]) => Value,
): Value {
  return buildGeneric(b, {
    inputs: inputs.map((i) => ('map' in i ? i : { value: i, map: broadcastMap(shapeOf(i), shape) })),
    outputs: [{ value: emptyTensor(b, shape, element), map: AffineMap.identity(shape.length) }],
    loops: shape.map(() => 'parallel' as const),
    body: (inner, args) => [body(inner, args)],
  })[0]!;
}

/** From the loops over `to` to elements of a tensor of shape `from` that broadcasts to it. */
export function broadcastMap(from: readonly number[], to: readonly number[]): AffineMap {
  const shift = to.length - from.length;
  return new AffineMap(
    to.length,
    0,
    from.map((size, i) => (size === 1 && to[i + shift] !== 1 ? affineConstant(0) : affineDim(i + shift))),
  );
}

/** Inverse of a permutation map. */
export function invertPermutation(map: AffineMap): AffineMap {
  const inverse = new Array<number>(map.numDims);
  map.results.forEach((r, i) => {
    if (r.kind !== 'dim') throw new TypeError(`${map.text} is not a permutation`);
    inverse[r.index] = i;
  });
  return AffineMap.permutation(inverse);
}

/** How often each element that `map` reaches is visited, on average, by loops of `extents`. */
export function visitsPerElement(map: AffineMap, extents: readonly number[]): number {
  const read = new Set(map.results.flatMap(dimsOf));
  return extents.reduce((n, extent, d) => (read.has(d) ? n : n * extent), 1);
}

/** Whether an op makes a kernel of plain loops: its positions are computed, or it has an order of its own. */
export function isPlainLoops(op: Operation): boolean {
  return op.name === 'scf.for' || Generic.of(op)?.readsTensors === true;
}

/** Discardable attribute: why ops that could have been one stayed apart, as a list of sentences. For people. */
export const fusionRefused = 'fusion_refused';
