/** The graph stage on whole models: what is left after it, and that its results stay those of ONNX Runtime. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { importOnnx } from '../../../src/frontend/onnx/importOnnx';
import { readOnnxModel } from '../../../src/frontend/onnx/readModel';
import { randomTensor } from '../../../src/frontend/random';
import { readTensorFile } from '../../../src/frontend/tensorFile';
import type { ReferenceModel } from '../../../src/frontend/zoo/referenceModel';
import { mobilenetV2 } from '../../../src/frontend/zoo/mobilenetV2';
import { resnet50 } from '../../../src/frontend/zoo/resnet50';
import { tinyConvnet } from '../../../src/frontend/zoo/tinyConvnet';
import type { Operation, ResourceStore } from '../../../src/ir';
import { missingProvenance, modelNodesOf, parsePipeline, runPipeline, types } from '../../../src/ir';
import { registry } from '../../../src/ir/dialects';
import { Interpreter } from '../../../src/ir/interpreter/interpreter';
import type { TensorValue } from '../../../src/ir/interpreter/runtimeValue';
import { makeTensor } from '../../../src/ir/interpreter/tensor';
import { passes } from '../../../src/lowering/passes';
import { assertAgree } from '../../randomInputs';

const graphPasses = [
  'convert-onnx-to-nn',
  'canonicalize',
  'fold-batch-norm',
  'channels-last',
  'canonicalize',
  'fold-constants',
  'dce',
];
function apply(module: Operation, resources: ResourceStore, names: readonly string[]): void {
  const steps = parsePipeline(names.join(','), passes).map((node) => ({ node, stage: 'graph' }));
  runPipeline(module, steps, { registry, resources });
}
const counts = (module: Operation): Record<string, number> => {
  const found: Record<string, number> = {};
  module.walk((op) => (found[op.name] = (found[op.name] ?? 0) + 1));
  return found;
};
const run = (module: Operation, resources: ResourceStore, input: TensorValue): TensorValue =>
  new Interpreter(module, { resources }).call('main', [input])[0] as TensorValue;

for (const batch of [1, 2]) {
  test(`tiny-convnet at batch ${batch} agrees with ONNX Runtime before and after each pass`, async () => {
    const bytes = tinyConvnet.graph({ batch: 'N' }).build();
    const shape = [batch, 3, 16, 16];
    const data = new Float32Array(randomTensor(5, shape, 'f32').bytes.buffer);
    const session = await InferenceSession.create(bytes);
    const output = (await session.run({ input: new Tensor('float32', data, shape) }))['output']!;
    const expected = makeTensor(output.dims, types.f32, output.data as Float32Array);
    for (const dims of [{}, { N: batch }] as readonly Record<string, number>[]) {
      const { module, resources } = importOnnx(readOnnxModel({ bytes, name: 'tiny.onnx' }), { dims });
      const input = makeTensor(shape, types.f32, data);
      assertAgree('as imported', expected, run(module, resources, input), 1e-5);
      for (const pass of graphPasses) {
        apply(module, resources, [pass]);
        assertAgree(`after ${pass}`, expected, run(module, resources, input), 1e-5);
      }
    }
  });
}

/** After the graph stage: one transpose, of the input; no batch normalisation; every node of the model in some op. */
function checkGraph(model: ReferenceModel, bytes: Uint8Array, convolutions: number): void {
  const { module, resources, nodes } = importOnnx(readOnnxModel({ bytes, name: `${model.name}.onnx` }));
  apply(module, resources, graphPasses);
  const found = counts(module);
  assert.equal(found['nn.transpose'], 1);
  assert.equal(found['nn.conv2d'], convolutions);
  assert.equal(found['nn.batch_norm'] ?? 0, 0);
  assert.equal(found['nn.mul'] ?? 0, 0);
  assert.deepEqual(missingProvenance(module), []);
  const seen = new Set(module.find(() => true).flatMap((op) => modelNodesOf(op.location).map((n) => n.name)));
  assert.deepEqual(
    nodes.map((n) => n.name).filter((n) => !seen.has(n)),
    [],
  );
}
test('MobileNetV2 keeps only the transpose of its input', () => {
  checkGraph(mobilenetV2, mobilenetV2.graph({ width: 0.25 }).build(), 52);
});
test('ResNet-50 keeps only the transpose of its input', () => {
  checkGraph(resnet50, resnet50.graph().build(), 53);
});

const light = '../shared/data/onnx-light';
test(
  'SqueezeNet with constant weights gives the published output',
  { skip: !existsSync(light) && `${light} is not there` },
  () => {
    const bytes = readFileSync(`${light}/light_squeezenet.onnx`);
    const { module, resources } = importOnnx(readOnnxModel({ bytes, name: 'squeezenet.onnx' }));
    apply(module, resources, graphPasses);
    const count = 3 * 224 * 224;
    const input = makeTensor(
      [1, 3, 224, 224],
      types.f32,
      Float32Array.from({ length: count }, (_, i) => i / count),
    );
    const { tensor } = readTensorFile(`${light}/light_squeezenet_output_0.pb`);
    const expected = makeTensor(tensor.shape, types.f32, new Float32Array(tensor.bytes.slice().buffer));
    assertAgree('SqueezeNet', expected, run(module, resources, input), 1e-5);
    assert.equal(counts(module)['nn.transpose'], 1);
  },
);
