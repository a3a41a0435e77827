/**
 * Creates the ops of kernels: index arithmetic, loops with carried values, loads and stores of scalars and vectors
 * on flat buffers. Used by the kernel builder, which decides what to create.
 */
import type { AffineExpr, Attribute, Builder, Operation, Value, types } from '../../ir';
import {
  AffineMap,
  affineAdd,
  affineConstant,
  affineDim,
  Block,
  createOp,
  denseElements,
  indexAttr,
  Operation as Op,
  Region,
  types as t,
} from '../../ir';
import * as affine from '../../ir/dialects/affine';
import * as arith from '../../ir/dialects/arith';
import * as math from '../../ir/dialects/math';
import * as memref from '../../ir/dialects/memref';
import * as scf from '../../ir/dialects/scf';
import * as vector from '../../ir/dialects/vector';
import type { CombiningKind } from '../../ir/dialects/vectorAssembly';
import * as vectorMemory from '../../ir/dialects/vectorMemory';

type Type = types.Type;

/** `element` itself for one lane. */
export const laneType = (element: Type, lanes: number): Type =>
  lanes === 1 ? element : t.vector([lanes], element);
export const lanesOf = (v: Value): number => (v.type.kind === 'vector' ? v.type.shape[0]! : 1);

export class KernelEmitter {
  constructor(readonly b: Builder) {}

  index(value: number): Value {
    return this.b.value(arith.constant, { value: indexAttr(value) });
  }
  /** A scalar constant, or a vector of equal lanes. */
  constant(value: Attribute, type: Type, lanes: number): Value {
    if (lanes === 1) return this.b.value(arith.constant, { value });
    const scalar =
      value.kind === 'float' || value.kind === 'integer'
        ? value.value
        : value.kind === 'bool'
          ? value.value
          : 0;
    return this.b.value(arith.constant, { value: denseElements(t.vector([lanes], type), [scalar]) });
  }
  apply(expression: AffineExpr, operands: readonly Value[]): Value {
    return this.b.value(affine.apply, {
      mapOperands: operands,
      map: new AffineMap(operands.length, 0, [expression]),
    });
  }
  offset(base: Value, by: number): Value {
    return by === 0 ? base : this.apply(affineAdd(affineDim(0), affineConstant(by)), [base]);
  }
  min(expressions: readonly AffineExpr[], operands: readonly Value[]): Value {
    return this.b.value(affine.min, {
      mapOperands: operands,
      map: new AffineMap(operands.length, 0, expressions),
    });
  }
  max(expressions: readonly AffineExpr[], operands: readonly Value[]): Value {
    return this.b.value(affine.max, {
      mapOperands: operands,
      map: new AffineMap(operands.length, 0, expressions),
    });
  }

  load(buffer: Value, at: Value): Value {
    return this.b.value(memref.load, { memref: buffer, indices: [at] }, t.elementOf(buffer.type));
  }
  vectorLoad(buffer: Value, at: Value, lanes: number): Value {
    return this.b.value(
      vectorMemory.load,
      { base: buffer, indices: [at] },
      t.vector([lanes], t.elementOf(buffer.type)),
    );
  }
  store(value: Value, buffer: Value, at: Value): void {
    if (value.type.kind === 'vector')
      this.b.op(vectorMemory.store, { valueToStore: value, base: buffer, indices: [at] });
    else this.b.op(memref.store, { value, memref: buffer, indices: [at] });
  }
  /** Asks for the cache line of an element that will be read. */
  prefetch(buffer: Value, at: Value): void {
    this.b.op(memref.prefetch, {
      memref: buffer,
      indices: [at],
      isWrite: false,
      localityHint: 3,
      isDataCache: true,
    });
  }
  /** Repeats a scalar; a vector of that many lanes stays. */
  splat(value: Value, lanes: number): Value {
    if (lanes === 1 || value.type.kind === 'vector') return value;
    const constant = arith.constant.as(value.definingOp);
    if (constant !== undefined && value.type !== t.index)
      return this.constant(constant.value, value.type, lanes);
    return this.b.value(vector.broadcast, { source: value }, t.vector([lanes], value.type));
  }
  fromElements(elements: readonly Value[]): Value {
    return this.b.value(vector.fromElements, { elements }, t.vector([elements.length], elements[0]!.type));
  }
  lane(value: Value, lane: number): Value {
    if (value.type.kind !== 'vector') return value;
    const op = createOp(
      vector.extract,
      { source: value, dynamic_position: [], static_position: [lane] },
      this.b.location,
      { resultTypes: [value.type.element] },
    );
    return this.b.insert(op).result();
  }
  /** Joins the lanes, in any order. */
  reduce(kind: CombiningKind, value: Value): Value {
    const element = t.elementOf(value.type);
    return this.b.value(
      vector.reduction,
      { vector: value, kind, ...(element.kind === 'float' ? { fastmath: 'reassoc' } : {}) },
      element,
    );
  }
  /** Elements of `a` followed by `b` at fixed positions. */
  shuffle(a: Value, b: Value, mask: readonly number[]): Value {
    return this.b.value(vector.shuffle, { v1: a, v2: b, mask });
  }
  /** The elements of a vector over again, `times` times. */
  repeat(value: Value, times: number): Value {
    const type = value.type as types.VectorType;
    const [size] = type.shape as [number];
    const rows = this.b.value(vector.broadcast, { source: value }, t.vector([times, size], type.element));
    return this.b.value(vector.shapeCast, { source: rows }, t.vector([times * size], type.element));
  }
  /** `acc` plus the sum of each `group` neighbours. */
  sumGroups(value: Value, acc: Value, group: number): Value {
    const element = t.elementOf(value.type);
    const lanes = lanesOf(value) / group;
    if (lanes === 1) return this.b.value(vector.reduction, { vector: value, acc, kind: 'add' }, element);
    const source = this.b.value(vector.shapeCast, { source: value }, t.vector([lanes, group], element));
    return this.b.value(vector.multiReduction, { source, acc, kind: 'add', reduction_dims: [1] }, acc.type);
  }
  fma(a: Value, b: Value, c: Value): Value {
    return a.type.kind === 'vector'
      ? this.b.value(vector.fma, { lhs: a, rhs: b, acc: c })
      : this.b.value(math.fma, { a, b, c });
  }

  /** Creates the same op on `operands`, which all have `lanes` lanes; `op` is on scalars or tensors. */
  again(op: Operation, operands: readonly Value[], lanes: number): readonly Value[] {
    const made = new Op({
      name: op.name,
      definition: op.definition,
      operands,
      resultTypes: op.results.map((r) => laneType(t.elementOf(r.type), lanes)),
      attributes: op.attributes,
      location: this.b.location,
    });
    return this.b.insert(made).results;
  }

  /** A loop from `from` below `to`; `body` gets the induction variable and the carried values and gives the next ones. */
  loop(
    from: Value,
    to: Value,
    step: number,
    carried: readonly Value[],
    body: (iv: Value, carried: readonly Value[]) => readonly Value[],
  ): readonly Value[] {
    const stepValue = this.index(step);
    const block = new Block(
      [t.index, ...carried.map((v) => v.type)],
      [this.b.location, ...carried.map(() => this.b.location)],
    );
    const made = createOp(
      scf.forOp,
      { lowerBound: from, upperBound: to, step: stepValue, initArgs: carried },
      this.b.location,
      {
        resultTypes: carried.map((v) => v.type),
        regions: [new Region([block])],
      },
    );
    this.b.insert(made);
    this.b.within(block, () => {
      this.b.op(scf.yieldOp, { values: body(block.args[0]!, block.args.slice(1)) });
    });
    return made.results;
  }
  /** The parallel range `0 <= i < sizes`. */
  forall(sizes: readonly number[], body: (ivs: readonly Value[]) => void): void {
    const block = new Block(
      sizes.map(() => t.index),
      sizes.map(() => this.b.location),
    );
    const zero = sizes.map(() => 0);
    const one = sizes.map(() => 1);
    this.b.op(
      scf.forall,
      { staticLowerBound: zero, staticUpperBound: sizes, staticStep: one },
      { resultTypes: [], regions: [new Region([block])] },
    );
    this.b.within(block, () => {
      body(block.args);
      this.b.op(scf.inParallel, {}, { regions: [new Region([new Block()])] });
    });
  }
  /** The value of `then` where the condition holds, of `otherwise` elsewhere. */
  choose(condition: Value, type: Type, then: () => Value, otherwise: () => Value): Value {
    const region = (build: () => Value): Region => {
      const block = new Block();
      this.b.within(block, () => {
        this.b.op(scf.yieldOp, { values: [build()] });
      });
      return new Region([block]);
    };
    const op = createOp(scf.ifOp, { condition }, this.b.location, {
      resultTypes: [type],
      regions: [region(then), region(otherwise)],
    });
    return this.b.insert(op).result();
  }
  /** Runs `then` where the condition holds, `otherwise`, if given, elsewhere. */
  when(condition: Value, then: () => void, otherwise?: () => void): void {
    const region = (build: () => void): Region => {
      const block = new Block();
      this.b.within(block, () => {
        build();
        this.b.op(scf.yieldOp, { values: [] });
      });
      return new Region([block]);
    };
    const made = createOp(scf.ifOp, { condition }, this.b.location, {
      resultTypes: [],
      regions: [region(then), otherwise === undefined ? new Region() : region(otherwise)],
    });
    this.b.insert(made);
  }
  compare(predicate: 'sge' | 'slt' | 'eq', a: Value, b: Value): Value {
    return this.b.value(arith.cmpi, { predicate, lhs: a, rhs: b }, t.i1);
  }
  and(a: Value, b: Value): Value {
    return this.b.value(arith.andi, { lhs: a, rhs: b });
  }
  /** The buffer with all dims joined to one. */
  flatten(buffer: Value): Value {
    const type = buffer.type as types.MemRefType;
    if (type.shape.length === 1) return buffer;
    const flat = t.memref([t.elementCount(type.shape)!], type.element);
    if (type.shape.length === 0) {
      return this.b.value(
        memref.expandShape,
        { src: buffer, reassociation: [], static_output_shape: [1] },
        flat,
      );
    }
    return this.b.value(
      memref.collapseShape,
      { src: buffer, reassociation: [type.shape.map((_, i) => i)] },
      flat,
    );
  }
}
