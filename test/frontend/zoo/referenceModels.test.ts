import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { elementCountOf, storageSize } from '../../../src/frontend/elementType';
import { importOnnx } from '../../../src/frontend/onnx/importOnnx';
import { modelCodec } from '../../../src/frontend/onnx/proto/onnxProto';
import type { OnnxModel } from '../../../src/frontend/onnx/readModel';
import { readOnnxModel } from '../../../src/frontend/onnx/readModel';
import { randomTensor } from '../../../src/frontend/random';
import type { BuildOptions } from '../../../src/frontend/zoo/referenceModel';
import {
  buildReferenceModel,
  referenceGraph,
  referenceModels,
} from '../../../src/frontend/zoo/referenceModels';
import type { FunctionType, TensorType } from '../../../src/ir/types';

const folder = mkdtempSync(path.join(tmpdir(), 'strata-zoo-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const read = (name: string, bytes: Uint8Array): OnnxModel => readOnnxModel({ name, bytes });
const opCounts = (model: OnnxModel): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const n of model.graph.node) counts[n.opType] = (counts[n.opType] ?? 0) + 1;
  return counts;
};

async function run(bytes: Uint8Array, shape: readonly number[], seed: number): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const { bytes: data } = randomTensor(seed, shape, 'f32', 'input');
  const input = new ort.Tensor('float32', new Float32Array(data.buffer), shape);
  const result = await session.run({ input });
  await session.release();
  return result['output']!.data as Float32Array;
}
const deviation = (v: Float32Array, from: (i: number) => number): number =>
  Math.sqrt(v.reduce((sum, x, i) => sum + (x - from(i)) ** 2, 0) / v.length);

/** Finite, spread around one, and different for different images. */
async function checkOutputs(name: string, bytes: Uint8Array, options: BuildOptions): Promise<void> {
  const { inputs, outputs } = referenceGraph(name, options);
  const shape = inputs[0]!.shape.map(Number);
  const [a, b] = [await run(bytes, shape, 1), await run(bytes, shape, 2)];
  const [expected] = outputs;
  assert.equal(
    a.length,
    expected!.shape.map(Number).reduce((x, y) => x * y, 1),
  );
  assert.ok(a.every(Number.isFinite));
  const mean = a.reduce((x, y) => x + y, 0) / a.length;
  const spread = deviation(a, () => mean);
  assert.ok(spread > 0.5 && spread < 2, `standard deviation ${spread}`);
  assert.ok(deviation(a, (i) => b[i]!) > 0.2, 'two images give the same result');
}

/** The model as a file whose weights are a hole beside it. */
async function outline(name: string): Promise<OnnxModel> {
  const file = path.join(folder, `${name}.onnx`);
  const data = `${file}.data`;
  writeFileSync(data, '');
  const bytes = await referenceGraph(name).buildExternal(path.basename(data), (offset, tensor) => {
    truncateSync(data, offset + storageSize(tensor.elementType, elementCountOf(tensor.shape)));
    return Promise.resolve();
  });
  writeFileSync(file, bytes);
  return readOnnxModel(file);
}

for (const { name, parameters, workloads } of referenceModels)
  test(`${name} has the published parameters, and the results that it says`, async () => {
    const graph = referenceGraph(name);
    assert.equal(graph.parameterCount, parameters);
    const model = await outline(name);
    assert.equal(model.proto.producerName, 'strata');
    assert.equal(new Set(model.graph.node.map((n) => n.name)).size, model.graph.node.length);
    for (const { dims } of workloads) {
      const { module, warnings } = importOnnx(model, { dims });
      assert.deepEqual([...model.warnings, ...warnings], []);
      const [main] = module.find((op) => op.name === 'func.func');
      const { results } = (main!.attr('function_type') as { type: FunctionType }).type;
      results.forEach((type, i) => {
        const { shape } = graph.outputs[i]!;
        // Sizes of sums are not written in the model, and detections are counted when it runs.
        const sizes = shape.map((d) => (typeof d === 'number' ? d : (dims[d] ?? summed(d, dims))));
        assert.deepEqual(
          (type as TensorType).shape.map((d) => (d < 0 ? undefined : d)),
          sizes,
          graph.outputs[i]!.name,
        );
      });
    }
  });

/** `past + sequence`. */
function summed(text: string, dims: Readonly<Record<string, number>>): number | undefined {
  const terms = text.split(' + ').map((d) => dims[d]);
  return terms.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b));
}

const published: readonly (readonly [parts: readonly string[], parameters: number, statistics: number])[] = [
  [['whisper-tiny-encoder', 'whisper-tiny-decoder'], 37_760_640, 0],
  [['ds-cnn'], 24_908, 1152],
  [['resnet8'], 78_666, 480],
  [['mobilenet-v1-0.25'], 221_794, 5472],
  [['autoencoder'], 269_992, 2064],
  [['mobilenet-v1'], 4_253_864, 21_888],
];
for (const [parts, parameters, statistics] of published)
  test(`${parts.join(' and ')}: the published sum counts ${statistics} running statistics`, () => {
    const graphs = parts.map((p) => referenceGraph(p));
    assert.equal(graphs.reduce((n, g) => n + g.parameterCount, 0) + statistics, parameters);
    const buffers = graphs.flatMap((g) => g.initializers.filter((t) => /running_(mean|var)$/.test(t.name)));
    assert.equal(
      buffers.reduce((n, t) => n + elementCountOf(t.shape), 0),
      statistics,
    );
  });

for (const name of ['mobilenet-v2', 'resnet50', 'tiny-convnet'])
  test(`${name} runs in ONNX Runtime`, async () => {
    await checkOutputs(name, buildReferenceModel(name), {});
  });

test('the architectures are the published ones', () => {
  assert.deepEqual(opCounts(read('m', buildReferenceModel('mobilenet-v2'))), {
    Conv: 52,
    BatchNormalization: 52,
    Clip: 35,
    Add: 10,
    GlobalAveragePool: 1,
    Flatten: 1,
    Gemm: 1,
  });
  const resnet = read('r', buildReferenceModel('resnet50'));
  assert.deepEqual(opCounts(resnet), {
    Conv: 53,
    BatchNormalization: 53,
    Relu: 49,
    MaxPool: 1,
    Add: 16,
    GlobalAveragePool: 1,
    Flatten: 1,
    Gemm: 1,
  });
  const strides = resnet.graph.node
    .filter((n) => n.attribute.some((a) => a.name === 'strides' && a.ints[0] === 2n))
    .map((n) => n.name);
  assert.deepEqual(strides, [
    '/conv1/Conv',
    '/maxpool/MaxPool',
    ...[2, 3, 4].flatMap((s) => [
      `/layer${s}/layer${s}.0/conv2/Conv`,
      `/layer${s}/layer${s}.0/downsample/downsample.0/Conv`,
    ]),
  ]);
});

test('nodes and weights are named as the exporter of PyTorch names them', () => {
  const { graph } = read('m', buildReferenceModel('mobilenet-v2'));
  const second = graph.node.find((n) => n.name === '/features/features.2/conv/conv.0/conv.0.0/Conv');
  assert.deepEqual(second?.input, [
    '/features/features.1/conv/conv.2/BatchNormalization_output_0',
    'features.2.conv.0.0.weight',
  ]);
  const names = new Set(graph.initializer.map((t) => t.name));
  for (const name of ['features.0.1.running_var', 'features.18.0.weight', 'classifier.1.bias'])
    assert.ok(names.has(name), name);
  const resnet = read('r', buildReferenceModel('resnet50', { resolution: 32 }));
  assert.ok(resnet.graph.initializer.some((t) => t.name === 'layer4.0.downsample.1.running_mean'));
});

test('a seed gives the same bytes, another seed others', () => {
  const bytes = buildReferenceModel('tiny-convnet', { seed: 5 });
  assert.deepEqual(buildReferenceModel('tiny-convnet', { seed: 5 }), bytes);
  assert.notDeepEqual(buildReferenceModel('tiny-convnet', { seed: 6 }), bytes);
  assert.equal(digest(buildReferenceModel('tiny-convnet')), 'a42f0c9939b40855');
});

test('batch, symbolic batch, width and resolution', async () => {
  const two = { batch: 2, width: 0.5, resolution: 64 };
  await checkOutputs('mobilenet-v2', buildReferenceModel('mobilenet-v2', two), two);
  const narrow = referenceGraph('mobilenet-v2', { width: 0.5 });
  assert.equal(narrow.parameterCount, 1_968_680);

  const symbolic = buildReferenceModel('tiny-convnet', { batch: 'N' });
  assert.equal(read('t', symbolic).graph.input[0]?.type?.tensorType?.shape?.dim[0]?.dimParam, 'N');
  assert.equal((await run(symbolic, [3, 3, 16, 16], 1)).length, 30);
});

test('unknown names and options out of range are refused', () => {
  assert.throws(
    () => buildReferenceModel('resnet51'),
    /STR1001 .*"resnet51"; known are mobilenet-v1, mobilenet-v2/,
  );
  assert.throws(() => buildReferenceModel('resnet50', { width: 2 }), /STR1002 .*width/);
  assert.throws(() => buildReferenceModel('resnet50', { batch: 0 }), /STR1002 .*batch/);
  assert.throws(() => buildReferenceModel('resnet50', { seed: -1 }), /STR1002 .*seed/);
  assert.throws(() => buildReferenceModel('resnet50', { resolution: 8 }), /STR1002 .*resolution/);
});

test('reading and writing a reference model gives the same bytes', () => {
  const bytes = buildReferenceModel('tiny-convnet');
  assert.deepEqual(modelCodec.encode(read('t', bytes).proto), bytes);
});
