/** Each ONNX operator, imported and interpreted, against ONNX Runtime on the same one-node model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { importOnnx } from '../../../src/frontend/onnx/importOnnx';
import { readOnnxModel } from '../../../src/frontend/onnx/readModel';
import type { AttributeValue } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { OnnxGraphBuilder, float, int, ints, string } from '../../../src/frontend/zoo/onnxGraphBuilder';
import { assertVerified, parsePipeline, runPipeline } from '../../../src/ir';
import { registry } from '../../../src/ir/dialects';
import { Interpreter } from '../../../src/ir/interpreter/interpreter';
import type { TensorValue } from '../../../src/ir/interpreter/runtimeValue';
import { makeTensor } from '../../../src/ir/interpreter/tensor';
import { types } from '../../../src/ir';
import { passes } from '../../../src/lowering/passes';
import { assertAgree, randomNumbers } from '../../randomInputs';

type Shape = readonly number[];
/** An input that the model computes on, or a constant of the model. */
type Input =
  | { readonly shape: Shape; readonly positive?: boolean }
  | { readonly ints: readonly number[]; readonly scalar?: boolean }
  | { readonly floats: readonly number[]; readonly shape: Shape }
  | 'none';
interface Case {
  readonly op: string;
  readonly inputs: readonly Input[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly opset?: number;
  /** Tells cases of one operator apart. */
  readonly note?: string;
}
const x = (...shape: number[]): Input => ({ shape });
const positive = (...shape: number[]): Input => ({ shape, positive: true });
const list = (...values: number[]): Input => ({ ints: values });
const index = (value: number): Input => ({ ints: [value], scalar: true });
const floats = (...values: number[]): Input => ({ floats: values, shape: [values.length] });
const scalar = (value: number): Input => ({ floats: [value], shape: [] });

const unary = [
  'Relu',
  'Sigmoid',
  'Tanh',
  'Exp',
  'Neg',
  'Abs',
  'Floor',
  'Ceil',
  'Round',
  'Erf',
  'Sin',
  'Cos',
  'HardSwish',
  'HardSigmoid',
  'LeakyRelu',
  'Identity',
];
const window = { kernel_shape: ints(3, 3), strides: ints(2, 2), pads: ints(1, 0, 1, 2) };
const cases: readonly Case[] = [
  ...unary.map((op) => ({ op, inputs: [x(2, 3, 4)] })),
  ...['Log', 'Sqrt', 'Reciprocal'].map((op) => ({ op, inputs: [positive(2, 3)] })),
  ...['Add', 'Sub', 'Mul', 'Max', 'Min', 'Sum', 'Mean'].map((op) => ({ op, inputs: [x(2, 1, 4), x(3, 1)] })),
  { op: 'Div', inputs: [x(2, 3), positive(3)] },
  { op: 'Pow', inputs: [positive(2, 3), x(3)] },
  { op: 'PRelu', inputs: [x(1, 3, 4, 4), x(3, 1, 1)] },
  { op: 'Clip', inputs: [x(8), scalar(-0.25), scalar(0.5)] },
  { op: 'Clip', inputs: [x(8), 'none', scalar(0.5)], note: 'no lower bound' },
  {
    op: 'Clip',
    inputs: [x(8)],
    attributes: { min: float(-0.25), max: float(0.5) },
    opset: 8,
    note: 'bounds as attributes',
  },
  {
    op: 'Conv',
    inputs: [x(2, 4, 7, 6), x(6, 2, 3, 2), x(6)],
    attributes: { group: int(2), strides: ints(2, 1), pads: ints(1, 0, 2, 1), dilations: ints(1, 2) },
  },
  {
    op: 'Conv',
    inputs: [x(1, 4, 6, 6), x(8, 1, 3, 3)],
    attributes: { group: int(4), auto_pad: string('SAME_UPPER'), strides: ints(2, 2) },
    note: 'depthwise, same upper',
  },
  {
    op: 'Conv',
    inputs: [x(1, 2, 6, 6), x(3, 2, 4, 4)],
    attributes: { auto_pad: string('SAME_LOWER') },
    note: 'same lower',
  },
  {
    op: 'Conv',
    inputs: [x(2, 3, 9), x(4, 3, 3), x(4)],
    attributes: { pads: ints(1, 2), strides: ints(2) },
    note: 'one axis',
  },
  { op: 'MaxPool', inputs: [x(1, 2, 7, 8)], attributes: window },
  {
    op: 'MaxPool',
    inputs: [x(1, 2, 7, 8)],
    attributes: { ...window, ceil_mode: int(1), dilations: ints(1, 2) },
    note: 'ceil',
  },
  {
    op: 'MaxPool',
    inputs: [x(2, 2, 9)],
    attributes: { kernel_shape: ints(2), strides: ints(2) },
    note: 'one axis',
  },
  { op: 'AveragePool', inputs: [x(1, 2, 7, 8)], attributes: window },
  {
    op: 'AveragePool',
    inputs: [x(1, 2, 7, 8)],
    attributes: { ...window, count_include_pad: int(1) },
    note: 'padding counts',
  },
  {
    op: 'AveragePool',
    inputs: [x(1, 2, 7, 7)],
    attributes: { kernel_shape: ints(2, 2), strides: ints(2, 2), ceil_mode: int(1) },
    note: 'ceil',
  },
  {
    op: 'AveragePool',
    inputs: [x(1, 2, 5, 5)],
    attributes: { kernel_shape: ints(2, 2), strides: ints(2, 2), auto_pad: string('SAME_UPPER') },
    note: 'same upper',
  },
  { op: 'GlobalAveragePool', inputs: [x(2, 3, 4, 5)] },
  { op: 'GlobalMaxPool', inputs: [x(2, 3, 4, 5)] },
  {
    op: 'BatchNormalization',
    inputs: [x(2, 3, 4, 4), x(3), x(3), x(3), positive(3)],
    attributes: { epsilon: float(0.01) },
  },
  { op: 'InstanceNormalization', inputs: [x(2, 3, 4, 4), x(3), x(3)] },
  {
    op: 'LRN',
    inputs: [x(1, 6, 3, 3)],
    attributes: { size: int(3), alpha: float(0.5), beta: float(0.75), bias: float(2) },
  },
  { op: 'MatMul', inputs: [x(2, 1, 3, 4), x(5, 4, 2)] },
  { op: 'MatMul', inputs: [x(4), x(3, 4, 2)], note: 'vector on the left' },
  { op: 'MatMul', inputs: [x(3, 4), x(4)], note: 'vector on the right' },
  { op: 'Gemm', inputs: [x(3, 4), x(4, 5), x(5)] },
  {
    op: 'Gemm',
    inputs: [x(4, 3), x(5, 4), x(3, 1)],
    attributes: { transA: int(1), transB: int(1), alpha: float(0.5), beta: float(2) },
    note: 'scaled, transposed',
  },
  { op: 'Softmax', inputs: [x(2, 3, 4)], attributes: { axis: int(1) } },
  { op: 'Softmax', inputs: [x(2, 3, 4)], attributes: { axis: int(1) }, opset: 11, note: 'axes from 1 on' },
  { op: 'Softmax', inputs: [x(2, 3, 4)], opset: 9, note: 'default of old versions' },
  { op: 'LogSoftmax', inputs: [x(2, 3, 4)] },
  ...['ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceSumSquare', 'ReduceL1', 'ReduceL2'].map(
    (op) => ({
      op,
      inputs: [x(2, 3, 4)],
      attributes: { axes: ints(0, -1), keepdims: int(0) },
    }),
  ),
  { op: 'ReduceMean', inputs: [x(2, 3, 4), list(1)], opset: 18, note: 'axes as an input' },
  { op: 'ReduceSum', inputs: [x(2, 3, 4)], note: 'all axes' },
  { op: 'ReduceSum', inputs: [x(2, 3, 4), list(-2)], attributes: { keepdims: int(0) } },
  { op: 'Reshape', inputs: [x(2, 3, 4), list(0, -1)] },
  { op: 'Flatten', inputs: [x(2, 3, 4)], attributes: { axis: int(2) } },
  { op: 'Flatten', inputs: [x(2, 3)], attributes: { axis: int(0) }, note: 'axis 0' },
  { op: 'Unsqueeze', inputs: [x(2, 3), list(0, -1)] },
  {
    op: 'Unsqueeze',
    inputs: [x(2, 3)],
    attributes: { axes: ints(1) },
    opset: 11,
    note: 'axes as an attribute',
  },
  { op: 'Squeeze', inputs: [x(1, 2, 1)] },
  { op: 'Squeeze', inputs: [x(1, 2, 1), list(-1)], note: 'one axis' },
  { op: 'Transpose', inputs: [x(2, 3, 4)] },
  { op: 'Transpose', inputs: [x(2, 3, 4)], attributes: { perm: ints(1, 2, 0) }, note: 'by permutation' },
  { op: 'Concat', inputs: [x(2, 3), x(2, 1), x(2, 2)], attributes: { axis: int(-1) } },
  { op: 'Slice', inputs: [x(5, 6), list(1, -4), list(-1, 1000), list(0, 1), list(1, 2)] },
  {
    op: 'Slice',
    inputs: [x(5, 6)],
    attributes: { starts: ints(1), ends: ints(3), axes: ints(1) },
    opset: 9,
    note: 'attributes',
  },
  { op: 'Gather', inputs: [x(3, 4), list(2, -1, 0)], attributes: { axis: int(1) } },
  { op: 'Expand', inputs: [x(3, 1), list(2, 1, 4)] },
  { op: 'Pad', inputs: [x(2, 3), list(1, 0, 0, 2), scalar(7)] },
  {
    op: 'Pad',
    inputs: [x(4, 4), list(1, 2, 0, 3)],
    attributes: { mode: string('reflect') },
    note: 'reflect',
  },
  { op: 'Pad', inputs: [x(4, 4), list(1, 2, 0, 3)], attributes: { mode: string('edge') }, note: 'edge' },
  ...['Elu', 'Selu', 'Softplus', 'Softsign'].map((op) => ({ op, inputs: [x(2, 3, 4)] })),
  { op: 'Mish', inputs: [x(2, 3)], opset: 18 },
  { op: 'Gelu', inputs: [x(2, 3)], opset: 20 },
  { op: 'Gelu', inputs: [x(2, 3)], attributes: { approximate: string('tanh') }, opset: 20, note: 'by tanh' },
  { op: 'LayerNormalization', inputs: [x(2, 3, 4), x(4), x(4)] },
  { op: 'LayerNormalization', inputs: [x(2, 3, 4), x(3, 4)], attributes: { axis: int(1) }, note: 'two axes' },
  { op: 'DepthToSpace', inputs: [x(1, 8, 2, 3)], attributes: { blocksize: int(2) } },
  {
    op: 'DepthToSpace',
    inputs: [x(1, 8, 2, 3)],
    attributes: { blocksize: int(2), mode: string('CRD') },
    note: 'blocks first',
  },
  { op: 'SpaceToDepth', inputs: [x(1, 2, 4, 6)], attributes: { blocksize: int(2) } },
  { op: 'Dropout', inputs: [x(2, 3)] },
  ...['Tan', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Sign', 'Celu', 'ThresholdedRelu', 'Shrink', 'Hardmax'].map(
    (op) => ({
      op,
      inputs: [x(2, 3, 4)],
    }),
  ),
  { op: 'Mod', inputs: [x(2, 3), positive(3)], attributes: { fmod: int(1) } },
  ...['ReduceLogSumExp', 'ReduceLogSum'].map((op) => ({
    op,
    inputs: [positive(2, 3, 4)],
    attributes: { axes: ints(1), keepdims: int(0) },
  })),
  { op: 'ArgMax', inputs: [x(2, 3, 4)], attributes: { axis: int(1) } },
  { op: 'ArgMin', inputs: [x(2, 3, 4)], attributes: { axis: int(-1), keepdims: int(0) }, note: 'axis gone' },
  { op: 'CumSum', inputs: [x(3, 4), index(1)], attributes: { exclusive: int(1), reverse: int(1) } },
  { op: 'GatherElements', inputs: [x(4), list(2, -1, 0)] },
  { op: 'ScatterElements', inputs: [x(4), list(2, 0), x(2)], attributes: { axis: int(0) } },
  {
    op: 'Slice',
    inputs: [x(5, 6), list(-1, 4), list(-1000, 0), list(0, 1), list(-2, -1)],
    note: 'backwards',
  },
  { op: 'Tile', inputs: [x(2, 3), list(2, 3)] },
  { op: 'Trilu', inputs: [x(2, 3, 4)], attributes: { upper: int(0) } },
  { op: 'Einsum', inputs: [x(2, 3, 4), x(2, 4, 5)], attributes: { equation: string('bij,bjk->bik') } },
  { op: 'Einsum', inputs: [x(3, 3)], attributes: { equation: string('ii->i') }, note: 'diagonal' },
  {
    op: 'Resize',
    inputs: [x(1, 1, 4, 5), 'none', floats(1, 1, 1.5, 2.6)],
    attributes: { mode: string('linear'), coordinate_transformation_mode: string('align_corners') },
    note: 'linear',
  },
  {
    op: 'Resize',
    inputs: [x(1, 1, 4, 5), 'none', floats(1, 1, 0.7, 1.8)],
    attributes: { mode: string('cubic'), exclude_outside: int(1) },
    note: 'cubic',
  },
  {
    op: 'Resize',
    inputs: [x(1, 1, 4, 5), 'none', floats(1, 1, 1.5, 0.6)],
    attributes: { mode: string('nearest'), nearest_mode: string('floor') },
    note: 'nearest',
  },
  {
    op: 'GridSample',
    inputs: [x(1, 2, 4, 4), x(1, 3, 3, 2)],
    attributes: { padding_mode: string('reflection') },
  },
  {
    op: 'ConvTranspose',
    inputs: [x(1, 4, 5, 4), x(4, 3, 3, 2), x(6)],
    attributes: { group: int(2), strides: ints(2, 3), pads: ints(1, 0, 0, 1), output_padding: ints(1, 0) },
  },
  {
    op: 'Conv',
    inputs: [x(1, 2, 4, 5, 4), x(3, 2, 2, 3, 2), x(3)],
    attributes: { pads: ints(1, 1, 0, 0, 1, 1) },
    note: 'three axes',
  },
  {
    op: 'MaxPool',
    inputs: [x(1, 2, 4, 4, 4)],
    attributes: { kernel_shape: ints(2, 2, 2), strides: ints(2, 1, 2) },
    note: 'three axes',
  },
  {
    op: 'AveragePool',
    inputs: [x(1, 2, 4, 4, 4)],
    attributes: { kernel_shape: ints(2, 2, 2), pads: ints(1, 0, 0, 0, 1, 0) },
    note: 'three axes',
  },
  { op: 'LpPool', inputs: [x(1, 2, 5, 5)], attributes: { kernel_shape: ints(2, 2), p: int(2) } },
  { op: 'LpNormalization', inputs: [x(2, 3)], attributes: { p: int(1) } },
  {
    op: 'GRU',
    inputs: [x(4, 2, 3), x(1, 15, 3), x(1, 15, 5), x(1, 30)],
    attributes: { hidden_size: int(5) },
  },
  {
    op: 'LSTM',
    inputs: [x(4, 2, 3), x(2, 20, 3), x(2, 20, 5), x(2, 40)],
    attributes: { hidden_size: int(5), direction: string('bidirectional') },
  },
  { op: 'Cast', inputs: [x(2, 3)], attributes: { to: int(6) }, note: 'to int32' },
];

const tensorTypes = {
  float32: { name: 'f32', element: types.f32 },
  int32: { name: 'i32', element: types.i32 },
  int64: { name: 'i64', element: types.i64 },
} as const;
type TensorTypeName = keyof typeof tensorTypes;

interface Values {
  readonly feeds: Record<string, Tensor>;
  readonly args: readonly TensorValue[];
}
function randomInputs(c: Case): Values {
  const next = randomNumbers(7);
  const feeds: Record<string, Tensor> = {};
  const args = c.inputs.flatMap((input, i) => {
    if (input === 'none' || 'ints' in input || 'floats' in input) return [];
    const count = input.shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, () =>
      input.positive === true ? 0.25 + next() : 4 * next() - 2,
    );
    feeds[`in${i}`] = new Tensor('float32', data, [...input.shape]);
    return [makeTensor(input.shape, types.f32, data)];
  });
  return { feeds, args };
}

/** The one-node model, its output declared with the given type and shape. */
function modelOf(c: Case, type: TensorTypeName, shape: Shape): Uint8Array {
  const g = new OnnxGraphBuilder({ name: 'case', seed: 0, opset: c.opset ?? 17 });
  const names = c.inputs.map((input, i) => {
    if (input === 'none') return '';
    if ('ints' in input)
      return g.initializer(
        `in${i}`,
        'i64',
        input.scalar === true ? [] : [input.ints.length],
        new Uint8Array(BigInt64Array.from(input.ints, BigInt).buffer),
      );
    if ('floats' in input)
      return g.initializer(
        `in${i}`,
        'f32',
        input.shape,
        new Uint8Array(Float32Array.from(input.floats).buffer),
      );
    return g.input(`in${i}`, 'f32', input.shape);
  });
  g.node('', c.op, names, {
    ...(c.attributes === undefined ? {} : { attributes: c.attributes }),
    output: 'out',
  });
  g.output('out', tensorTypes[type].name, shape);
  return g.build();
}

async function check(c: Case): Promise<void> {
  const { feeds, args } = randomInputs(c);
  const expected = await expectedOutput(c, feeds);
  const type = expected.type as TensorTypeName;
  const { module, resources, warnings } = importOnnx(
    readOnnxModel({ bytes: modelOf(c, type, expected.dims), name: `${c.op}.onnx` }),
  );
  // A declared shape that differs from the computed one would be a warning.
  assert.deepEqual(warnings, []);
  assertVerified(module);
  const reference = makeTensor(expected.dims, tensorTypes[type].element, expected.data as Float32Array);
  const run = (): TensorValue => new Interpreter(module, { resources }).call('main', args)[0] as TensorValue;
  assertAgree(`${c.op} as imported`, reference, run(), 2e-6);
  for (const pass of ['convert-onnx-to-nn', 'canonicalize', 'fold-constants', 'channels-last', 'dce']) {
    runPipeline(
      module,
      parsePipeline(pass, passes).map((node) => ({ node, stage: 'graph' })),
      { registry, resources },
    );
    assertAgree(`${c.op} after ${pass}`, reference, run(), 2e-6);
  }
  assert.deepEqual(
    module.find((op) => op.dialect === 'onnx').map((op) => op.name),
    [],
  );
}

/** What ONNX Runtime computes; it wants to be told the type and rank of the output, so these are tried. */
async function expectedOutput(c: Case, feeds: Record<string, Tensor>): Promise<Tensor> {
  const failures: unknown[] = [];
  for (const type of ['float32', 'int32', 'int64'] as const)
    for (let rank = 0; rank <= 5; rank++) {
      try {
        const bytes = modelOf(
          c,
          type,
          Array.from({ length: rank }, () => -1),
        );
        const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 });
        return (await session.run(feeds))['out']!;
      } catch (error) {
        failures.push(error);
      }
    }
  throw failures[0];
}

for (const c of cases)
  test(`${c.op}${c.note === undefined ? '' : `: ${c.note}`}${c.opset === undefined ? '' : ` (opset ${c.opset})`}`, () =>
    check(c));
