import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StrataError } from '../../src/base/diagnostics';
import type { AffineMap, Type } from '../../src/ir';
import { evaluateAffine, parseAttributeText, types } from '../../src/ir';
import type { MemRefValue, RuntimeValue, ShapedValue } from '../../src/ir/interpreter/runtimeValue';
import {
  forEachIndex,
  makeTensor,
  offsetOf,
  rowMajorStrides,
  sizeOf,
  tensorOf,
} from '../../src/ir/interpreter/tensor';
import { randomNumbers, randomValue } from '../randomInputs';
import { interpret, moduleOf, plain } from './interpret';

interface Sample {
  readonly name: string;
  /** `(d0, d1) -> (d1)`, inputs first. */
  readonly maps: readonly string[];
  /** `p` or `r` per loop. */
  readonly loops: string;
  readonly inputs: readonly Type[];
  readonly output: Type;
  /** Text over `%x0`, `%x1`, `%out`; yields `%y`. */
  readonly body: string;
  /** The same in JavaScript. */
  readonly meaning: (inputs: readonly number[], out: number, loops: readonly number[]) => number;
  readonly extents: readonly number[];
}
const { f32, f64, i32, i8, tensor } = types;
const round = Math.fround;

const samples: readonly Sample[] = [
  {
    name: 'a convolution with stride and dilation',
    maps: [
      '(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 2 + d4, d2 + d5 * 2, d6)',
      '(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)',
      '(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)',
    ],
    loops: 'pppprrr',
    inputs: [tensor([1, 9, 9, 3], f32), tensor([3, 2, 3, 20], f32)],
    output: tensor([1, 4, 7, 20], f32),
    body: '%m = arith.mulf %x0, %x1 : f32\n%y = arith.addf %out, %m : f32',
    meaning: ([x, w], out) => round(out + round(x! * w!)),
    extents: [1, 4, 7, 20, 3, 2, 3],
  },
  {
    name: 'a product that is subtracted, in strips longer than a chunk',
    maps: ['(d0, d1, d2) -> (d0, d2)', '(d0, d1, d2) -> (d2, d1)', '(d0, d1, d2) -> (d0, d1)'],
    loops: 'ppr',
    inputs: [tensor([3, 5], f32), tensor([5, 1300], f32)],
    output: tensor([3, 1300], f32),
    body: '%m = arith.mulf %x0, %x1 : f32\n%y = arith.subf %out, %m : f32',
    meaning: ([x, w], out) => round(out - round(x! * w!)),
    extents: [3, 1300, 5],
  },
  {
    name: 'a sum over everything, one element after another',
    maps: ['(d0, d1) -> (d0, d1)', '(d0, d1) -> ()'],
    loops: 'rr',
    inputs: [tensor([3, 1100], f32)],
    output: tensor([], f32),
    body: '%e = math.exp %x0 : f32\n%y = arith.addf %out, %e : f32',
    meaning: ([x], out) => round(out + round(Math.exp(x!))),
    extents: [3, 1100],
  },
  {
    name: 'a product of matrices in f64 with the reduction alone long',
    maps: ['(d0, d1, d2) -> (d0, d2)', '(d0, d1, d2) -> (d2, d1)', '(d0, d1, d2) -> (d0, d1)'],
    loops: 'ppr',
    inputs: [tensor([1, 700], f64), tensor([700, 1], f64)],
    output: tensor([1, 1], f64),
    body: '%m = arith.mulf %x0, %x1 : f64\n%y = arith.addf %m, %out : f64',
    meaning: ([x, w], out) => out + x! * w!,
    extents: [1, 1, 700],
  },
  {
    name: 'a transposition with a broadcast row and a captured scalar',
    maps: ['(d0, d1) -> (d1, d0)', '(d0, d1) -> (d1)', '(d0, d1) -> (d0, d1)'],
    loops: 'pp',
    inputs: [tensor([6, 70], f32), tensor([6], f32)],
    output: tensor([70, 6], f32),
    body: '%s = arith.addf %x0, %x1 : f32\n%y = arith.mulf %s, %k : f32',
    meaning: ([x, b]) => round(round(x! + b!) * 2.5),
    extents: [70, 6],
  },
  {
    name: 'positions of loops',
    maps: ['(d0, d1) -> (d0, d1)'],
    loops: 'pp',
    inputs: [],
    output: tensor([4, 1300], i32),
    body: '%i = linalg.index 0 : index\n%j = linalg.index 1 : index\n%ten = arith.constant 100 : index\n%p = arith.muli %i, %ten : index\n%q = arith.addi %p, %j : index\n%y = arith.index_cast %q : index to i32',
    meaning: (_, __, [i, j]) => i! * 100 + j!,
    extents: [4, 1300],
  },
  {
    name: 'a map with division and remainder',
    maps: ['(d0) -> (d0 floordiv 4, d0 mod 4)', '(d0) -> (d0)'],
    loops: 'p',
    inputs: [tensor([6, 4], f32)],
    output: tensor([24], f32),
    body: '%y = arith.negf %x0 : f32',
    meaning: ([x]) => -x!,
    extents: [24],
  },
  {
    name: 'a reversed read',
    maps: ['(d0) -> (-d0 + 39)', '(d0) -> (d0)'],
    loops: 'p',
    inputs: [tensor([40], f32)],
    output: tensor([40], f32),
    body: '%y = arith.addf %x0, %out : f32',
    meaning: ([x], out) => round(x! + out),
    extents: [40],
  },
  {
    name: 'a maximum along the inner dimension of few rows',
    maps: ['(d0, d1) -> (d0, d1)', '(d0, d1) -> (d0)'],
    loops: 'pr',
    inputs: [tensor([2, 600], f32)],
    output: tensor([2], f32),
    body: '%y = arith.maximumf %out, %x0 : f32',
    meaning: ([x], out) => Math.max(x!, out),
    extents: [2, 600],
  },
  {
    name: 'products of bytes summed in 32 bits',
    maps: ['(d0, d1, d2) -> (d0, d2)', '(d0, d1, d2) -> (d2, d1)', '(d0, d1, d2) -> (d0, d1)'],
    loops: 'ppr',
    inputs: [tensor([4, 9], i8), tensor([9, 33], i8)],
    output: tensor([4, 33], i32),
    body: '%a = arith.extsi %x0 : i8 to i32\n%b = arith.extsi %x1 : i8 to i32\n%m = arith.muli %a, %b : i32\n%y = arith.addi %out, %m : i32',
    meaning: ([x, w], out) => out + x! * w!,
    extents: [4, 33, 9],
  },
  {
    name: 'a comparison and a choice',
    maps: ['(d0) -> (d0)', '(d0) -> (d0)'],
    loops: 'p',
    inputs: [tensor([600], f32)],
    output: tensor([600], f32),
    body: '%z = arith.constant 0.0 : f32\n%c = arith.cmpf ogt, %x0, %z : f32\n%y = arith.select %c, %x0, %z : f32',
    meaning: ([x]) => (x! > 0 ? x! : 0),
    extents: [600],
  },
];

const dimsText = (map: string): string => `affine_map<${map}>`;
function textOf(s: Sample, asBuffers: boolean): string {
  const type = (t: Type): string => (asBuffers ? t.text.replace('tensor', 'memref') : t.text);
  const element = (t: Type): string => types.elementOf(t).text;
  const params = s.inputs.map((t, i) => `%a${i}: ${type(t)}`);
  const args = [...s.inputs.map((t, i) => `%x${i}: ${element(t)}`), `%out: ${element(s.output)}`];
  const ins =
    s.inputs.length === 0
      ? ''
      : `ins(${s.inputs.map((_, i) => `%a${i}`).join(', ')} : ${s.inputs.map(type).join(', ')}) `;
  const iterators = [...s.loops].map((c) => (c === 'p' ? '"parallel"' : '"reduction"')).join(', ');
  const result = asBuffers ? '' : ` -> ${type(s.output)}`;
  return `func.func @f(${[...params, `%o: ${type(s.output)}`].join(', ')})${result} {
  %k = arith.constant 2.5 : f32
  ${asBuffers ? '' : '%r = '}linalg.generic {indexing_maps = [${s.maps.map(dimsText).join(', ')}], iterator_types = [${iterators}]} ${ins}outs(%o : ${type(s.output)}) {
  ^bb0(${args.join(', ')}):
    ${s.body}
    linalg.yield %y : ${element(s.output)}
  }${result}
  return${asBuffers ? '' : ` %r : ${type(s.output)}`}
}`;
}
const mapOf = (text: string): AffineMap => {
  const a = parseAttributeText(dimsText(text));
  assert.ok(a.kind === 'affine_map');
  return a.map;
};
/** The same loops, written down. */
function reference(s: Sample, values: readonly ShapedValue[]): number[] {
  const maps = s.maps.map(mapOf);
  const out = makeTensor(values.at(-1)!.shape, f64, Float64Array.from(values.at(-1)!.data as Float32Array));
  forEachIndex(s.extents, (loops) => {
    const at = (i: number): number =>
      offsetOf(
        i === values.length - 1 ? out : values[i]!,
        maps[i]!.results.map((r) => evaluateAffine(r, loops)),
      );
    const inputs = s.inputs.map((_, i) => Number(values[i]!.data[at(i)]));
    const position = at(values.length - 1);
    out.data[position] = s.meaning(inputs, Number(out.data[position]), loops);
  });
  return [...(out.data as Float64Array)];
}
/** The value in a buffer with gaps and an offset. */
function scattered(value: ShapedValue): MemRefValue {
  const strides = rowMajorStrides(value.shape).map((s) => s * 3);
  const data = new (value.data.constructor as new (n: number) => Float32Array)(sizeOf(value.shape) * 3 + 5);
  (value.data as Float32Array).forEach((v, i) => (data[5 + i * 3] = v));
  return { kind: 'memref', shape: value.shape, strides, offset: 5, element: value.element, data };
}

describe('linalg.generic', () => {
  for (const s of samples) {
    it(`computes ${s.name}`, () => {
      const next = randomNumbers(3);
      const values = [...s.inputs, s.output].map((t) => randomValue(t, next) as ShapedValue);
      const expected = reference(s, values);
      const before = values.map((v) => v.data.slice());
      const [result] = interpret(textOf(s, false), values);
      assert.deepEqual(Array.from((result as ShapedValue).data as Float32Array), expected);
      assert.deepEqual(
        values.map((v) => v.data),
        before,
        'tensors stay as they were',
      );
      const buffers = values.map(scattered);
      interpret(textOf(s, true), buffers);
      const out = buffers.at(-1)!;
      const found = expected.map((_, i) => Number(out.data[5 + i * 3]));
      assert.deepEqual(found, expected, 'buffers with gaps');
    });
  }
  it('gathers through an op without a scalar kernel', () => {
    const text = `#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @f(%table: tensor<5x3xf32>, %ids: tensor<4xi64>, %o: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %r = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%ids : tensor<4xi64>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%in: i64, %out: f32):
    %i = arith.index_cast %in : i64 to index
    %j = linalg.index 1 : index
    %x = tensor.extract %table[%i, %j] : tensor<5x3xf32>
    linalg.yield %x : f32
  } -> tensor<4x3xf32>
  return %r : tensor<4x3xf32>
}`;
    const table = tensorOf(
      [5, 3],
      f32,
      Array.from({ length: 15 }, (_, i) => i),
    );
    const [result] = interpret(text, [
      table,
      tensorOf([4], types.i64, [4, 0, 2, 2]),
      makeTensor([4, 3], f32),
    ]);
    assert.deepEqual(plain(result!), [
      [12, 13, 14],
      [0, 1, 2],
      [6, 7, 8],
      [6, 7, 8],
    ]);
  });
  it('keeps several outputs together: the position of the maximum', () => {
    const text = `#in = affine_map<(d0, d1) -> (d0, d1)>
#out = affine_map<(d0, d1) -> (d0)>
func.func @f(%a: tensor<2x5xf32>, %m: tensor<2xf32>, %p: tensor<2xindex>) -> (tensor<2xf32>, tensor<2xindex>) {
  %r:2 = linalg.generic {indexing_maps = [#in, #out, #out], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<2x5xf32>) outs(%m, %p : tensor<2xf32>, tensor<2xindex>) {
  ^bb0(%in: f32, %best: f32, %at: index):
    %j = linalg.index 1 : index
    %more = arith.cmpf ogt, %in, %best : f32
    %value = arith.select %more, %in, %best : f32
    %position = arith.select %more, %j, %at : index
    linalg.yield %value, %position : f32, index
  } -> (tensor<2xf32>, tensor<2xindex>)
  return %r#0, %r#1 : tensor<2xf32>, tensor<2xindex>
}`;
    const low: RuntimeValue = tensorOf([2], f32, [-Infinity, -Infinity]);
    const results = interpret(text, [
      tensorOf([2, 5], f32, [1, 7, 3, 7, 2, -5, -4, -9, -4, -6]),
      low,
      tensorOf([2], types.index, [0, 0]),
    ]);
    assert.deepEqual(results.map(plain), [
      [7, -4],
      [1, 1],
    ]);
  });
  it('refuses loops that leave an operand at run time', () => {
    const text = `#two = affine_map<(d0) -> (d0 * 2)>
#id = affine_map<(d0) -> (d0)>
func.func @f(%a: tensor<?xf32>, %o: tensor<?xf32>) -> tensor<?xf32> {
  %r = linalg.generic {indexing_maps = [#two, #id], iterator_types = ["parallel"]} ins(%a : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}`;
    assert.deepEqual(
      plain(interpret(text, [tensorOf([5], f32, [1, 2, 3, 4, 5]), makeTensor([3], f32)])[0]!),
      [1, 3, 5],
    );
    assert.throws(
      () => interpret(text, [tensorOf([4], f32, [1, 2, 3, 4]), makeTensor([3], f32)]),
      StrataError,
    );
  });
  it('counts iterations times arithmetic, and bytes of operands', () => {
    const work = (index: number): unknown => {
      const [op] = moduleOf(textOf(samples[index]!, false)).find((o) => o.name === 'linalg.generic');
      return op!.definition!.work(op!);
    };
    assert.deepEqual(work(0), {
      flops: 2 * 4 * 7 * 20 * 3 * 2 * 3,
      bytesRead: 4 * (9 * 9 * 3 + 3 * 2 * 3 * 20 + 4 * 7 * 20),
      bytesWritten: 4 * 4 * 7 * 20,
    });
    assert.deepEqual(
      work(10),
      { flops: 600, bytesRead: 2400, bytesWritten: 2400 },
      'an output that is not read does not count as read',
    );
  });
});

describe('named linalg ops', () => {
  it('mean what their generic forms mean', () => {
    const text = `func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>, %c: f32, %row: tensor<3xf32>) -> (tensor<2x2xf32>, tensor<3x2xf32>, tensor<2x3xf32>) {
  %0 = tensor.empty() : tensor<2x2xf32>
  %1 = linalg.fill ins(%c : f32) outs(%0 : tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = linalg.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x2xf32>) outs(%1 : tensor<2x2xf32>) -> tensor<2x2xf32>
  %t = linalg.transpose ins(%a : tensor<2x3xf32>) outs(%b : tensor<3x2xf32>) permutation = [1, 0]
  %s = linalg.broadcast ins(%row : tensor<3xf32>) outs(%a : tensor<2x3xf32>) dimensions = [0]
  return %2, %t, %s : tensor<2x2xf32>, tensor<3x2xf32>, tensor<2x3xf32>
}`;
    const results = interpret(text, [
      tensorOf([2, 3], f32, [1, 2, 3, 4, 5, 6]),
      tensorOf([3, 2], f32, [1, 0, 0, 1, 1, 1]),
      10,
      tensorOf([3], f32, [7, 8, 9]),
    ]);
    assert.deepEqual(results.map(plain), [
      [
        [14, 15],
        [20, 21],
      ],
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
      [
        [7, 8, 9],
        [7, 8, 9],
      ],
    ]);
  });
  it('convolve', () => {
    const text = `func.func @f(%x: tensor<1x3x3x1xf32>, %w: tensor<2x2x1x1xf32>, %o: tensor<1x2x2x1xf32>, %d: tensor<2x2x1xf32>, %p: tensor<1x1x1x1xf32>) -> (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>) {
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x3x3x1xf32>, tensor<2x2x1x1xf32>) outs(%o : tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
  %1 = linalg.depthwise_conv_2d_nhwc_hwc {dilations = dense<2> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %d : tensor<1x3x3x1xf32>, tensor<2x2x1xf32>) outs(%p : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %0, %1 : tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>
}`;
    const image = tensorOf([1, 3, 3, 1], f32, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const weight = [1, 10, 100, 1000];
    const results = interpret(text, [
      image,
      tensorOf([2, 2, 1, 1], f32, weight),
      makeTensor([1, 2, 2, 1], f32),
      tensorOf([2, 2, 1], f32, weight),
      makeTensor([1, 1, 1, 1], f32),
    ]);
    assert.deepEqual(
      results.map((r) => [...((r as ShapedValue).data as Float32Array)]),
      [[5421, 6532, 8754, 9865], [9731]],
    );
  });
});
