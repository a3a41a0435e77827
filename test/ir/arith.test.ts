import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import type { RuntimeValue, Scalar } from '../../src/ir/interpreter/runtimeValue';
import { interpret } from './interpret';

const ids = ['%a', '%b', '%c'];
/** One op on scalars. `op`: text with %a, %b, %c; then argument types and the result type. */
function scalar(
  op: string,
  types: readonly string[],
  result: string,
  args: readonly RuntimeValue[],
): RuntimeValue {
  const params = types.map((t, i) => `${ids[i]}: ${t}`).join(', ');
  return interpret(
    `func.func @f(${params}) -> ${result} {\n  %r = ${op}\n  return %r : ${result}\n}`,
    args,
  )[0]!;
}
const binary = (op: string, type: string, a: RuntimeValue, b: RuntimeValue): RuntimeValue =>
  scalar(`${op} %a, %b : ${type}`, [type, type], type, [a, b]);

describe('integers', () => {
  const cases: readonly (readonly [string, string, number | bigint, number | bigint, number | bigint])[] = [
    ['arith.addi', 'i8', 127, 1, -128],
    ['arith.addi', 'i32', 2147483647, 1, -2147483648],
    ['arith.addi', 'i64', 9223372036854775807n, 1n, -9223372036854775808n],
    ['arith.addi', 'i1', 1, 1, 0],
    ['arith.subi', 'i16', -32768, 1, 32767],
    ['arith.muli', 'i32', 65537, 65537, 131073],
    ['arith.muli', 'i64', 3037000500n, 3037000500n, -9223372036709301616n],
    ['arith.muli', 'index', 100000, 100000, 10000000000],
    ['arith.divsi', 'i32', -7, 2, -3],
    ['arith.divsi', 'index', -1, 2, 0],
    ['arith.divui', 'i8', -1, 2, 127],
    ['arith.divui', 'i64', -1n, 2n, 9223372036854775807n],
    ['arith.remsi', 'i32', -7, 2, -1],
    ['arith.remui', 'i8', -1, 16, 15],
    ['arith.ceildivsi', 'i32', -7, 2, -3],
    ['arith.ceildivsi', 'i32', 7, 2, 4],
    ['arith.ceildivsi', 'i64', 7n, 2n, 4n],
    ['arith.ceildivsi', 'i64', -7n, 2n, -3n],
    ['arith.ceildivui', 'i8', -1, 2, -128],
    ['arith.floordivsi', 'i32', -7, 2, -4],
    ['arith.floordivsi', 'i64', -7n, 2n, -4n],
    ['arith.floordivsi', 'i64', 7n, -2n, -4n],
    ['arith.andi', 'i32', -1, 255, 255],
    ['arith.andi', 'index', 2 ** 40 + 5, 4, 4],
    ['arith.ori', 'index', 2 ** 40, 1, 2 ** 40 + 1],
    ['arith.xori', 'i8', -1, 1, -2],
    ['arith.shli', 'i32', 1, 31, -2147483648],
    ['arith.shli', 'i8', 3, 7, -128],
    ['arith.shli', 'index', 1, 40, 2 ** 40],
    ['arith.shrsi', 'i32', -8, 1, -4],
    ['arith.shrsi', 'i64', -8n, 1n, -4n],
    ['arith.shrui', 'i32', -8, 1, 2147483644],
    ['arith.shrui', 'i8', -8, 1, 124],
    ['arith.shrui', 'i64', -2n, 1n, 9223372036854775807n],
    ['arith.maxsi', 'i8', -1, 1, 1],
    ['arith.maxui', 'i8', -1, 1, -1],
    ['arith.minsi', 'i64', -1n, 1n, -1n],
    ['arith.minui', 'i64', -1n, 1n, 1n],
  ];
  for (const [op, type, a, b, expected] of cases) {
    it(`${op} ${type} of ${a} and ${b} is ${expected}`, () => {
      assert.equal(binary(op, type, a, b), expected);
    });
  }
  it('refuses to divide by zero', () => {
    assert.throws(
      () => binary('arith.divsi', 'i32', 1, 0),
      (e) => e instanceof StrataError && e.code === 'STR0124',
    );
    assert.throws(() => binary('arith.remui', 'i64', 1n, 0n), StrataError);
  });
  const compares: readonly (readonly [string, string, number | bigint, number | bigint, number])[] = [
    ['slt', 'i8', -1, 1, 1],
    ['ult', 'i8', -1, 1, 0],
    ['ugt', 'i64', -1n, 1n, 1],
    ['sge', 'i64', -1n, 1n, 0],
    ['slt', 'i1', 1, 0, 1],
    ['eq', 'index', 5, 5, 1],
    ['ne', 'i64', 5n, 5n, 0],
  ];
  for (const [predicate, type, a, b, expected] of compares) {
    it(`${type} ${a} ${predicate} ${b} is ${expected}`, () => {
      assert.equal(scalar(`arith.cmpi ${predicate}, %a, %b : ${type}`, [type, type], 'i1', [a, b]), expected);
    });
  }
});

describe('floats', () => {
  it('round to their type after each op', () => {
    assert.equal(binary('arith.addf', 'f32', 16777216, 1), 16777216);
    assert.equal(binary('arith.addf', 'f64', 16777216, 1), 16777217);
    assert.equal(binary('arith.addf', 'f16', 2048, 1), 2048);
    assert.equal(binary('arith.addf', 'bf16', 256, 1), 256);
    assert.equal(binary('arith.mulf', 'f16', 300, 300), Infinity);
    assert.equal(binary('arith.divf', 'f32', 1, 3), Math.fround(1 / 3));
    assert.equal(binary('arith.remf', 'f32', -7.5, 2), -1.5);
  });
  it('tell maximum from maxnum by NaN, and -0 from 0', () => {
    assert.ok(Number.isNaN(binary('arith.maximumf', 'f32', NaN, 1)));
    assert.equal(binary('arith.maxnumf', 'f32', NaN, 1), 1);
    assert.equal(binary('arith.minnumf', 'f32', 1, NaN), 1);
    assert.ok(Object.is(binary('arith.maximumf', 'f32', -0, 0), 0));
    assert.ok(Object.is(binary('arith.minimumf', 'f32', 0, -0), -0));
  });
  const nan: readonly (readonly [string, number])[] = [
    ['oeq', 0],
    ['ogt', 0],
    ['one', 0],
    ['ord', 0],
    ['ueq', 1],
    ['ult', 1],
    ['une', 1],
    ['uno', 1],
    ['false', 0],
    ['true', 1],
  ];
  for (const [predicate, expected] of nan) {
    it(`NaN ${predicate} 1 is ${expected}`, () => {
      assert.equal(scalar(`arith.cmpf ${predicate}, %a, %b : f32`, ['f32', 'f32'], 'i1', [NaN, 1]), expected);
    });
  }
  it('order where they can', () => {
    const order = (predicate: string, a: number, b: number): RuntimeValue =>
      scalar(`arith.cmpf ${predicate}, %a, %b : f32`, ['f32', 'f32'], 'i1', [a, b]);
    assert.deepEqual(
      ['oeq', 'ogt', 'oge', 'olt', 'ole', 'one', 'ord', 'ueq', 'ugt', 'uge', 'ult', 'ule', 'une', 'uno'].map(
        (p) => order(p, 1, 2),
      ),
      [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0],
    );
  });
});

describe('casts', () => {
  const cases: readonly (readonly [string, string, string, Scalar, Scalar])[] = [
    ['arith.extf', 'f32', 'f64', Math.fround(0.1), Math.fround(0.1)],
    ['arith.truncf', 'f64', 'f32', 0.1, Math.fround(0.1)],
    ['arith.truncf', 'f32', 'bf16', 1.00390625, 1],
    ['arith.truncf', 'f32', 'f16', 65520, Infinity],
    ['arith.sitofp', 'i8', 'f32', -1, -1],
    ['arith.uitofp', 'i8', 'f32', -1, 255],
    ['arith.uitofp', 'i64', 'f64', -1n, 18446744073709551616],
    ['arith.sitofp', 'i1', 'f32', 1, -1],
    ['arith.uitofp', 'i1', 'f32', 1, 1],
    ['arith.fptosi', 'f32', 'i32', -2.75, -2],
    ['arith.fptosi', 'f64', 'i64', -2.75, -2n],
    ['arith.fptoui', 'f32', 'i8', 200.5, -56],
    ['arith.extsi', 'i8', 'i32', -1, -1],
    ['arith.extui', 'i8', 'i32', -1, 255],
    ['arith.extsi', 'i1', 'i32', 1, -1],
    ['arith.extui', 'i1', 'i64', 1, 1n],
    ['arith.extui', 'i32', 'i64', -1, 4294967295n],
    ['arith.extsi', 'i32', 'i64', -1, -1n],
    ['arith.trunci', 'i32', 'i8', 511, -1],
    ['arith.trunci', 'i64', 'i32', 4294967297n, 1],
    ['arith.trunci', 'i32', 'i1', 2, 0],
    ['arith.index_cast', 'index', 'i32', 2 ** 32 + 1, 1],
    ['arith.index_cast', 'index', 'i64', -5, -5n],
    ['arith.index_cast', 'i64', 'index', -5n, -5],
    ['arith.index_castui', 'i32', 'index', -1, 4294967295],
    ['arith.bitcast', 'f32', 'i32', 1, 0x3f800000],
    ['arith.bitcast', 'i32', 'f32', 0x3f800000, 1],
    ['arith.bitcast', 'f64', 'i64', 1, 0x3ff0000000000000n],
    ['arith.bitcast', 'i16', 'f16', 0x3c00, 1],
  ];
  for (const [op, from, to, value, expected] of cases) {
    it(`${op} of ${String(value)} from ${from} to ${to} is ${String(expected)}`, () => {
      assert.equal(scalar(`${op} %a : ${from} to ${to}`, [from], to, [value]), expected);
    });
  }
  it('selects whole values and single elements', () => {
    const text = `func.func @f(%c: i1, %m: tensor<3xi1>, %x: tensor<3xf32>, %y: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %0 = arith.select %c, %x, %y : tensor<3xf32>
  %1 = arith.select %m, %x, %y : tensor<3xi1>, tensor<3xf32>
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}`;
    const f = (data: number[]): RuntimeValue => ({
      kind: 'tensor',
      shape: [3],
      element: { kind: 'float', name: 'f32', text: 'f32' },
      data: Float32Array.from(data),
    });
    const mask: RuntimeValue = {
      kind: 'tensor',
      shape: [3],
      element: { kind: 'integer', width: 1, signedness: 'signless', text: 'i1' },
      data: Uint8Array.of(1, 0, 1),
    };
    const data = interpret(text, [0, mask, f([1, 2, 3]), f([4, 5, 6])]).map((v) =>
      typeof v === 'object' ? [...(v.data as Float32Array)] : v,
    );
    assert.deepEqual(data, [
      [4, 5, 6],
      [1, 5, 3],
    ]);
  });
});

describe('math', () => {
  const unary = (name: string, x: number, type = 'f64'): number =>
    Number(scalar(`math.${name} %a : ${type}`, [type], type, [x]));
  // Values of erf: NIST DLMF, table 7.23 computed to 16 digits.
  const cases: readonly (readonly [string, number, number])[] = [
    ['erf', 0.5, 0.5204998778130465],
    ['erf', 1, 0.8427007929497149],
    ['erf', 2, 0.9953222650189527],
    ['erf', 2.5, 0.999593047982555],
    ['erf', 3, 0.9999779095030014],
    ['erf', -1, -0.8427007929497149],
    ['erf', 10, 1],
    ['exp2', 10, 1024],
    ['rsqrt', 4, 0.5],
    ['round', 2.5, 3],
    ['round', -2.5, -3],
    ['round', 0.49999999999999994, 0],
    ['roundeven', 2.5, 2],
    ['roundeven', 3.5, 4],
    ['roundeven', -0.5, -0],
    ['trunc', -1.5, -1],
    ['floor', -1.5, -2],
    ['ceil', -1.5, -1],
    ['absf', -0, 0],
    ['log1p', 1e-20, 1e-20],
    ['expm1', 1e-20, 1e-20],
  ];
  for (const [name, x, expected] of cases) {
    it(`${name} of ${x} is ${expected}`, () => {
      const found = unary(name, x);
      assert.ok(
        Object.is(found, expected) || Math.abs(found - expected) <= 4e-16 * Math.abs(expected),
        String(found),
      );
    });
  }
  it('rounds to the type', () => {
    assert.equal(unary('exp', 1, 'f32'), Math.fround(Math.E));
    assert.equal(unary('exp', 1, 'bf16'), 2.71875);
  });
  it('multiplies and adds with one rounding', () => {
    const a = 1 + 2 ** -12;
    assert.equal(
      scalar('math.fma %a, %b, %c : f32', ['f32', 'f32', 'f32'], 'f32', [a, a, -(1 + 2 ** -11)]),
      2 ** -24,
    );
  });
  it('has functions of two arguments', () => {
    assert.equal(scalar('math.copysign %a, %b : f32', ['f32', 'f32'], 'f32', [3, -0]), -3);
    assert.equal(scalar('math.fpowi %a, %b : f32, i64', ['f32', 'i64'], 'f32', [2, -2n]), 0.25);
    assert.equal(scalar('math.powf %a, %b : f32', ['f32', 'f32'], 'f32', [2, 0.5]), Math.fround(Math.SQRT2));
    assert.equal(scalar('math.atan2 %a, %b : f64', ['f64', 'f64'], 'f64', [1, -1]), Math.atan2(1, -1));
    assert.equal(scalar('math.absi %a : i32', ['i32'], 'i32', [-5]), 5);
  });
});
