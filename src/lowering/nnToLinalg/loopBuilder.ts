/** Index arithmetic, loops and branches as lowerings write them. Loops carry values, tensors among them. */
import type { Builder, Type, Value } from '../../ir';
import { Block, boolAttr, createOp, indexAttr, Region, types } from '../../ir';
import * as arith from '../../ir/dialects/arith';
import { linalgIndex } from '../../ir/dialects/linalg';
import * as scf from '../../ir/dialects/scf';
import * as tensorOps from '../../ir/dialects/tensor';
import { isUnsigned, reinterpret, scalarConstant, signless } from './lowering';

type Index = Value | number;
type IntegerRelation = 'eq' | 'ne' | 'slt' | 'sle' | 'sgt' | 'sge';

export class LoopBuilder {
  constructor(readonly b: Builder) {}

  index(value: Index): Value {
    return typeof value === 'number' ? this.b.value(arith.constant, { value: indexAttr(value) }) : value;
  }
  scalar(value: number, type: Type): Value {
    return scalarConstant(this.b, value, type);
  }
  /** Where the loop `dim` of the `linalg.generic` around stands. */
  position(dim: number): Value {
    return this.b.value(linalgIndex, { dim }, types.index);
  }
  add(lhs: Index, rhs: Index): Value {
    return rhs === 0
      ? this.index(lhs)
      : this.b.value(arith.addi, { lhs: this.index(lhs), rhs: this.index(rhs) });
  }
  sub(lhs: Index, rhs: Index): Value {
    return rhs === 0
      ? this.index(lhs)
      : this.b.value(arith.subi, { lhs: this.index(lhs), rhs: this.index(rhs) });
  }
  mul(lhs: Index, rhs: Index): Value {
    return this.b.value(arith.muli, { lhs: this.index(lhs), rhs: this.index(rhs) });
  }
  min(lhs: Index, rhs: Index): Value {
    return this.b.value(arith.minsi, { lhs: this.index(lhs), rhs: this.index(rhs) });
  }
  max(lhs: Index, rhs: Index): Value {
    return this.b.value(arith.maxsi, { lhs: this.index(lhs), rhs: this.index(rhs) });
  }
  rem(lhs: Index, rhs: Index): Value {
    return this.b.value(arith.remsi, { lhs: this.index(lhs), rhs: this.index(rhs) });
  }
  compare(predicate: IntegerRelation, lhs: Index, rhs: Index): Value {
    return this.b.value(arith.cmpi, { predicate, lhs: this.index(lhs), rhs: this.index(rhs) }, types.i1);
  }
  and(lhs: Value, rhs: Value): Value {
    return this.b.value(arith.andi, { lhs, rhs });
  }
  or(lhs: Value, rhs: Value): Value {
    return this.b.value(arith.ori, { lhs, rhs });
  }
  not(x: Value): Value {
    return this.b.value(arith.xori, { lhs: x, rhs: this.truth(true) });
  }
  truth(value: boolean): Value {
    return this.b.value(arith.constant, { value: boolAttr(value) }, types.i1);
  }
  choose(condition: Value, yes: Value, no: Value): Value {
    return this.b.value(arith.select, { condition, true_value: yes, false_value: no });
  }
  /** An integer as an index. */
  toIndex(x: Value): Value {
    if (x.type === types.index) return x;
    const integer = reinterpret(this.b, x, signless(x.type));
    return this.b.value(
      isUnsigned(x.type) ? arith.indexCastUi : arith.indexCast,
      { in: integer },
      types.index,
    );
  }
  fromIndex(x: Value, type: Type): Value {
    return this.b.value(arith.indexCast, { in: x }, type);
  }
  /** A position on an axis from an index of a model: negative ones count from the end; none leaves the axis. */
  within(i: Value, size: number): Value {
    const at = this.toIndex(i);
    const wrapped = this.choose(this.compare('slt', at, 0), this.add(at, size), at);
    return this.max(this.min(wrapped, size - 1), 0);
  }

  read(tensor: Value, indices: readonly Value[]): Value {
    return this.b.value(tensorOps.extract, { tensor, indices });
  }
  write(scalar: Value, dest: Value, indices: readonly Value[]): Value {
    return this.b.value(tensorOps.insert, { scalar, dest, indices });
  }

  /** `body` for each position from 0 (or `from`) below `to`; what is carried after the last. */
  repeat(
    to: Index,
    carried: readonly Value[],
    body: (at: Value, carried: readonly Value[]) => readonly Value[],
    from: Index = 0,
  ): readonly Value[] {
    const { b } = this;
    const region = b.region([types.index, ...carried.map((v) => v.type)], ([at, ...values]) => {
      b.op(scf.yieldOp, { values: body(at!, values) });
    });
    return b.op(
      scf.forOp,
      { lowerBound: this.index(from), upperBound: this.index(to), step: this.index(1), initArgs: carried },
      { resultTypes: carried.map((v) => v.type), regions: [region] },
    ).results;
  }
  /** `body` for each point of a range, the last index fastest. */
  overAll(
    sizes: readonly Index[],
    carried: readonly Value[],
    body: (at: readonly Value[], carried: readonly Value[]) => readonly Value[],
  ): readonly Value[] {
    const level = (at: readonly Value[], values: readonly Value[]): readonly Value[] => {
      const size = sizes[at.length];
      if (size === undefined) return body(at, values);
      return this.repeat(size, values, (i, inner) => level([...at, i], inner));
    };
    return level([], carried);
  }
  /** What one of two branches gives. */
  branch(
    condition: Value,
    then: () => readonly Value[],
    otherwise: () => readonly Value[],
    resultTypes: readonly Type[],
  ): readonly Value[] {
    const { b } = this;
    const region = (build: () => readonly Value[]): Region => {
      const block = new Block();
      b.within(block, () => {
        b.op(scf.yieldOp, { values: build() });
      });
      return new Region([block]);
    };
    const op = createOp(scf.ifOp, { condition }, b.location, {
      resultTypes,
      regions: [region(then), region(otherwise)],
    });
    return b.insert(op).results;
  }
}
