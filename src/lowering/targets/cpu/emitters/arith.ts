/** C of `arith` ops. Integer arithmetic wraps, so it is done on unsigned types; index arithmetic never overflows. */
import type { Operation, Value, types } from '../../../../ir';
import { types as t } from '../../../../ir';
import * as arith from '../../../../ir/dialects/arith';
import type { FloatPredicate, IntegerPredicate } from '../../../../ir/dialects/arithCompare';
import type { ScalarC, VectorC } from '../cTypes';
import { spareBits, unsignedC, vectorOf } from '../cTypes';
import type { Emitter, KernelWriter } from '../kernelWriter';
import { narrowConversion } from '../narrowTypes';

type Type = types.Type;
const isVector = (v: Value): boolean => v.type.kind === 'vector';
const element = (v: Value): Type => t.elementOf(v.type);
const isBool = (v: Value): boolean => element(v) === t.i1;

/** `a op b` on values as they are. */
const infix =
  (operator: string): Emitter =>
  (op, w) => {
    w.define(op.result(0), `${w.value(op.operand(0))} ${operator} ${w.value(op.operand(1))}`);
  };
export const addf = infix('+');
export const subf = infix('-');
export const mulf = infix('*');
export const divf = infix('/');
export const negf: Emitter = (op, w) => {
  w.define(op.result(0), `-${w.value(op.operand(0))}`);
};
/** Bits: the same on masks, bools and integers. */
export const bitwise = infix;

const unsignedVector = (w: KernelWriter, v: VectorC): string =>
  w.prelude.type(vectorOf(unsignedC(v.lane), v.lanes));

/** `operator` on the unsigned type of the same width, back in the type of the result. */
export const wrapping =
  (operator: string, onBools: string): Emitter =>
  (op, w) => {
    const [a, b] = op.operands.map((v) => w.value(v));
    const result = op.result(0);
    if (spareBits(element(result)) > 0) w.fail(op, `on ${element(result).text}`);
    if (isBool(result)) w.define(result, `${a} ${onBools} ${b}`);
    else if (isVector(result)) {
      const v = w.vector(result.type);
      const U = unsignedVector(w, v);
      w.define(result, `(${v.name})((${U})${a} ${operator} (${U})${b})`);
    } else if (result.type === t.index) w.define(result, `${a} ${operator} ${b}`);
    else {
      const s = w.scalar(result.type);
      const u = s.bytes < 4 ? 'uint32_t' : unsignedC(s).c;
      w.define(result, `(${s.c})((${u})${a} ${operator} (${u})${b})`);
    }
  };
/** `a op b` on signed types. */
export const signed = infix;
/** `a op b` with both read as unsigned. */
export const unsigned =
  (operator: string): Emitter =>
  (op, w) => {
    const [a, b] = op.operands.map((v) => w.value(v));
    const result = op.result(0);
    if (spareBits(element(result)) > 0) w.fail(op, `on ${element(result).text}`);
    if (isBool(result)) w.fail(op, 'on i1');
    if (isVector(result)) {
      const v = w.vector(result.type);
      const U = unsignedVector(w, v);
      w.define(result, `(${v.name})((${U})${a} ${operator} (${U})${b})`);
    } else {
      const s = w.scalar(result.type);
      const u = unsignedC(s).c;
      w.define(result, `(${s.c})((${u})${a} ${operator} (${u})${b})`);
    }
  };

/** A function of the prelude on 64-bit integers, by lanes for vectors. */
export const byInt64 =
  (get: (w: KernelWriter) => string): Emitter =>
  (op, w) => {
    const fn = get(w);
    const result = op.result(0);
    const args = op.operands.map((v) => w.value(v));
    if (!isVector(result)) {
      w.define(result, `(${w.scalar(result.type).c})${fn}(${args.join(', ')})`);
      return;
    }
    const v = w.vector(result.type);
    w.define(
      result,
      `${w.prelude.byLane(fn, v, [v, v], (a, b) => `(${v.lane.c})${fn}(${a}, ${b})`)}(${args.join(', ')})`,
    );
  };

/** The larger or smaller integer. */
export const pickInteger =
  (operator: '<' | '>', asUnsigned: boolean): Emitter =>
  (op, w) => {
    const [a, b] = op.operands.map((v) => w.value(v));
    const result = op.result(0);
    if (isVector(result)) {
      const v = w.vector(result.type);
      const cast = asUnsigned ? `(${unsignedVector(w, v)})` : '';
      w.define(result, `${w.prelude.blend(v)}(${cast}${a} ${operator} ${cast}${b}, ${a}, ${b})`);
      return;
    }
    const cast = asUnsigned ? `(${unsignedC(w.scalar(result.type)).c})` : '';
    w.define(result, `${cast}${a} ${operator} ${cast}${b} ? ${a} : ${b}`);
  };

const shape = (w: KernelWriter, v: Value): VectorC | ScalarC =>
  isVector(v) ? w.vector(v.type) : w.scalar(v.type);

/** The constant operand and the other one, when one is a constant that is not NaN. */
function constantOperand(op: Operation): readonly [Value, Value] | undefined {
  for (const [c, other] of [
    [op.operand(1), op.operand(0)],
    [op.operand(0), op.operand(1)],
  ] as const) {
    const value = arith.constant.as(c.definingOp)?.value;
    if (value?.kind === 'float' && !Number.isNaN(value.value)) return [c, other];
    if (value?.kind === 'dense' && value.splat && element(c).text === 'f32') {
      const bits = new DataView(value.bytes.buffer, value.bytes.byteOffset).getFloat32(0, true);
      if (!Number.isNaN(bits)) return [c, other];
    }
  }
  return undefined;
}
/** maximumf and minimumf. Comparing with a number needs one instruction: what is not greater stays, NaN included. */
export const propagating =
  (what: 'max' | 'min'): Emitter =>
  (op, w) => {
    const result = op.result(0);
    const known = constantOperand(op);
    if (known !== undefined) {
      const [c, x] = known.map((v) => w.value(v));
      if (isVector(result)) w.define(result, `${w.prelude.pick(w.vector(result.type), what)}(${c}, ${x})`);
      else w.define(result, `${c} ${what === 'max' ? '>' : '<'} ${x} ? ${c} : ${x}`);
      return;
    }
    w.define(
      result,
      `${w.prelude.maximum(shape(w, result), what)}(${op.operands.map((v) => w.value(v)).join(', ')})`,
    );
  };
export const ignoringNaN =
  (what: 'max' | 'min'): Emitter =>
  (op, w) => {
    w.define(
      op.result(0),
      `${w.prelude.number(shape(w, op.result(0)), what)}(${op.operands.map((v) => w.value(v)).join(', ')})`,
    );
  };

const floatTests: Record<FloatPredicate, (a: string, b: string) => string> = {
  false: (a) => `${a} != ${a} & ${a} == ${a}`,
  oeq: (a, b) => `${a} == ${b}`,
  ogt: (a, b) => `${a} > ${b}`,
  oge: (a, b) => `${a} >= ${b}`,
  olt: (a, b) => `${a} < ${b}`,
  ole: (a, b) => `${a} <= ${b}`,
  one: (a, b) => `(${a} < ${b}) | (${a} > ${b})`,
  ord: (a, b) => `(${a} == ${a}) & (${b} == ${b})`,
  ueq: (a, b) => `NOT((${a} < ${b}) | (${a} > ${b}))`,
  ugt: (a, b) => `NOT(${a} <= ${b})`,
  uge: (a, b) => `NOT(${a} < ${b})`,
  ult: (a, b) => `NOT(${a} >= ${b})`,
  ule: (a, b) => `NOT(${a} > ${b})`,
  une: (a, b) => `${a} != ${b}`,
  uno: (a, b) => `(${a} != ${a}) | (${b} != ${b})`,
  true: (a) => `${a} == ${a} | ${a} != ${a}`,
};
/** A comparison as a value of i1 or of a mask. */
function defineTest(op: Operation, w: KernelWriter, test: string): void {
  const [a] = op.operands;
  if (!isVector(a!)) {
    w.define(op.result(0), test.replace(/NOT/g, '!'));
    return;
  }
  const v = w.vector(a!.type);
  const text = test.replace(/NOT/g, '~');
  const compare = w.prelude.compareType(v);
  const mask = w.vector(op.result(0).type);
  w.define(
    op.result(0),
    compare.name === mask.name ? text : `__builtin_convertvector(${text}, ${mask.name})`,
  );
}
export const cmpf: Emitter = (op, w) => {
  const { predicate, lhs, rhs } = arith.cmpf.view(op);
  defineTest(op, w, floatTests[predicate](w.value(lhs), w.value(rhs)));
};

const integerOperators: Record<string, string> = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' };
export const cmpi: Emitter = (op, w) => {
  const { predicate, lhs, rhs } = arith.cmpi.view(op);
  const p: IntegerPredicate = predicate;
  const operator = integerOperators[p.length === 3 ? p.slice(1) : p]!;
  let cast = '';
  if (p.startsWith('u') && !isBool(lhs))
    cast = isVector(lhs)
      ? `(${unsignedVector(w, w.vector(lhs.type))})`
      : `(${unsignedC(w.scalar(lhs.type)).c})`;
  // True is -1 as a signed i1: masks have it so, bools count the other way.
  const [x, y] =
    isBool(lhs) && (isVector(lhs) ? p.startsWith('u') : p.startsWith('s')) ? [rhs, lhs] : [lhs, rhs];
  defineTest(op, w, `${cast}${w.value(x)} ${operator} ${cast}${w.value(y)}`);
};

/** A mask with lanes as wide as those of `v`. */
export function widenMask(w: KernelWriter, mask: string, v: VectorC): string {
  const target = w.prelude.compareType(v);
  return target.lane.bytes === 4 ? mask : `__builtin_convertvector(${mask}, ${target.name})`;
}
export const select: Emitter = (op, w) => {
  const [c, a, b] = op.operands.map((v) => w.value(v));
  const result = op.result(0);
  if (!isVector(op.operand(0))) w.define(result, `${c} ? ${a} : ${b}`);
  else {
    const v = w.vector(result.type);
    w.define(result, `${w.prelude.blend(v)}(${widenMask(w, c!, v)}, ${a}, ${b})`);
  }
};

/** `f` of the operand, lane by lane for vectors. */
function defineByLane(op: Operation, w: KernelWriter, f: (x: string) => string): void {
  const [operand] = op.operands;
  const result = op.result(0);
  const x = w.value(operand!);
  if (!isVector(result)) {
    w.define(result, f(x));
    return;
  }
  const label = `${op.name.replace(/\W/g, '_')}_${element(operand!).text}_${element(result).text}`;
  const [from, to] = [w.vector(operand!.type), w.vector(result.type)];
  // A lane of a mask is 0 or -1.
  const stored = isBool(result) ? (v: string): string => `-(int32_t)(${f(v)})` : f;
  w.define(result, `${w.prelude.byLane(label, to, [from], stored)}(${x})`);
}
/** The same bits with another reading of the sign. */
export const reinterpret: Emitter = (op, w) => {
  const result = op.result(0);
  const narrow = narrowConversion(element(op.operand(0)), element(result), false, w.prelude);
  if (narrow !== undefined) defineByLane(op, w, narrow);
  else w.define(result, `(${w.typeName(result.type)})${w.value(op.operand(0))}`);
};

/** A cast by value; `via` is the type that the operand is read as first. */
const convert =
  (asUnsigned: boolean): Emitter =>
  (op, w) => {
    const [operand] = op.operands;
    const result = op.result(0);
    const x = w.value(operand!);
    const narrow = narrowConversion(element(operand!), element(result), asUnsigned, w.prelude);
    if (narrow !== undefined) {
      defineByLane(op, w, narrow);
      return;
    }
    if (isVector(result)) {
      const from = w.vector(operand!.type);
      const to = w.vector(result.type);
      let source = x;
      // A mask is -1 where it is set.
      if (isBool(operand!) && asUnsigned) source = `(${x} & 1)`;
      else if (asUnsigned) source = `(${unsignedVector(w, from)})${x}`;
      if (isBool(result)) {
        const compare = w.prelude.compareType(from);
        const test = from.lane.tag.startsWith('f') ? `${x} != 0` : `(${x} & 1) != 0`;
        w.define(result, compare.name === to.name ? test : `__builtin_convertvector(${test}, ${to.name})`);
        return;
      }
      const widens = to.lane.bytes > from.lane.bytes && !isBool(operand!) && /^[iu]/.test(from.lane.tag);
      if (widens) {
        const read = asUnsigned ? vectorOf(unsignedC(from.lane), from.lanes) : from;
        w.define(result, `${w.prelude.widen(read, to)}(${source})`);
      } else w.define(result, `__builtin_convertvector(${source}, ${to.name})`);
      return;
    }
    const to = w.scalar(result.type);
    if (isBool(result))
      w.define(result, element(operand!).kind === 'float' ? `${x} != 0` : `(${x} & 1) != 0`);
    else if (isBool(operand!)) w.define(result, asUnsigned ? `(${to.c})${x}` : `-(${to.c})${x}`);
    else if (asUnsigned && element(operand!).kind !== 'float')
      w.define(result, `(${to.c})(${unsignedC(w.scalar(operand!.type)).c})${x}`);
    else w.define(result, `(${to.c})${x}`);
  };
export const convertSigned = convert(false);
export const convertUnsigned = convert(true);
export const floatToUnsigned: Emitter = (op, w) => {
  const result = op.result(0);
  const x = w.value(op.operand(0));
  if (isBool(result)) convertSigned(op, w);
  else if (isVector(result)) {
    const to = w.vector(result.type);
    w.define(result, `(${to.name})__builtin_convertvector(${x}, ${unsignedVector(w, to)})`);
  } else {
    const to = w.scalar(result.type);
    w.define(result, `(${to.c})(${unsignedC(to).c})${x}`);
  }
};
export const bitcast: Emitter = (op, w) => {
  const result = op.result(0);
  const x = w.value(op.operand(0));
  if (isBool(op.operand(0)) !== isBool(result)) w.fail(op, 'between i1 and another type');
  if (isVector(result)) w.define(result, `(${w.vector(result.type).name})${x}`);
  else {
    const [from, to] = [w.scalar(op.operand(0).type), w.scalar(result.type)];
    w.define(result, `((union { ${from.c} from; ${to.c} to; }){.from = ${x}}).to`);
  }
};
export const constant: Emitter = (op, w) => {
  const { value, result } = arith.constant.view(op);
  const text = w.constant(op, value, result.type);
  if (result.type.kind === 'vector') w.define(result, text, 'c');
  else w.bind(result, text);
};
