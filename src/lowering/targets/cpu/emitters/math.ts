/** C of `math` ops: functions of the C library for scalars; for vectors, functions of the prelude, or lane by lane. */
import type { Value } from '../../../../ir';
import { types as t } from '../../../../ir';
import type { Emitter, KernelWriter } from '../kernelWriter';

const isVector = (v: Value): boolean => v.type.kind === 'vector';
/** `expf` for f32 and below, `exp` for f64. */
const libraryName = (w: KernelWriter, v: Value, name: string): string =>
  w.scalar(v.type).tag === 'f64' ? name : `${name}f`;

/** A function of all operands with one C name. */
export const library =
  (name: string, builtin = false): Emitter =>
  (op, w) => {
    const result = op.result(0);
    const args = op.operands.map((v) => w.value(v)).join(', ');
    const call = `${builtin ? '__builtin_' : ''}${libraryName(w, result, name)}`;
    if (!isVector(result)) {
      w.define(result, `${call}(${args})`);
      return;
    }
    const v = w.vector(result.type);
    const own = w.prelude.vectorFunction(name, v);
    const fn =
      own ??
      w.prelude.byLane(
        name,
        v,
        op.operands.map(() => v),
        (...lanes) => `${call}(${lanes.join(', ')})`,
      );
    w.define(result, `${fn}(${args})`);
  };
/** An expression of the operand, for scalars and vectors alike. */
export const formula =
  (make: (x: string) => string): Emitter =>
  (op, w) => {
    w.define(op.result(0), make(w.value(op.operand(0))));
  };
export const rsqrt: Emitter = (op, w) => {
  const result = op.result(0);
  const x = w.value(op.operand(0));
  const call = `__builtin_${libraryName(w, result, 'sqrt')}`;
  if (!isVector(result)) w.define(result, `1 / ${call}(${x})`);
  else {
    const v = w.vector(result.type);
    w.define(result, `1 / ${w.prelude.byLane('sqrt', v, [v], (a) => `${call}(${a})`)}(${x})`);
  }
};
/** Fused where the machine has it: the C compiler contracts the expression. */
export const fma: Emitter = (op, w) => {
  const [a, b, c] = op.operands.map((v) => w.value(v));
  w.define(op.result(0), `${a} * ${b} + ${c}`);
};
export const absi: Emitter = (op, w) => {
  const result = op.result(0);
  const x = w.value(op.operand(0));
  if (t.elementOf(result.type) === t.i1) w.fail(op, 'on i1');
  if (isVector(result)) {
    const v = w.vector(result.type);
    w.define(result, `${w.prelude.blend(v)}(${x} < 0, -${x}, ${x})`);
  } else w.define(result, `${x} < 0 ? (${w.scalar(result.type).c})-${x} : ${x}`);
};
export const fpowi: Emitter = (op, w) => {
  const result = op.result(0);
  const [x, n] = op.operands.map((v) => w.value(v));
  const call = `__builtin_${libraryName(w, result, 'powi')}`;
  if (!isVector(result)) w.define(result, `${call}(${x}, (int)${n})`);
  else {
    const v = w.vector(result.type);
    w.define(
      result,
      `${w.prelude.byLane('powi', v, [v, w.vector(op.operand(1).type)], (a, b) => `${call}(${a}, (int)${b})`)}(${x}, ${n})`,
    );
  }
};
