/** `Loop` and `If`: subgraphs become regions that see the values around them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpretModule } from '../../../src/compiler/interpretModel';
import { importOnnx } from '../../../src/frontend/onnx/importOnnx';
import {
  attributeCodec,
  attributeTypes,
  graphCodec,
  modelCodec,
  nodeCodec,
  operatorSetCodec,
  valueInfoCodec,
} from '../../../src/frontend/onnx/proto/onnxProto';
import { readOnnxModel } from '../../../src/frontend/onnx/readModel';
import { OnnxGraphBuilder } from '../../../src/frontend/zoo/onnxGraphBuilder';

const value = (name: string) => valueInfoCodec.make({ name });
const node = (opType: string, input: readonly string[], output: readonly string[]) =>
  nodeCodec.make({ opType, input, output });

/** A graph whose only own node is replaced by `Loop` with a body that adds `step`, a value from outside, each time. */
function loopModel(): Uint8Array {
  const g = new OnnxGraphBuilder({ name: 'g', seed: 0 });
  const start = g.input('start', 'f32', [2]);
  g.input('step', 'f32', [2]);
  g.initializer('trips', 'i64', [], new Uint8Array(BigInt64Array.of(3n).buffer));
  g.output(g.node('', 'Relu', [start], { output: 'last' }), 'f32', [2]);
  g.output('all', 'f32', [3, 2]);
  const proto = modelCodec.decode(g.build());
  const body = graphCodec.make({
    name: 'body',
    input: ['i', 'live', 'before'].map(value),
    output: ['live_out', 'after', 'copy'].map(value),
    node: [
      node('Identity', ['live'], ['live_out']),
      node('Add', ['before', 'step'], ['after']),
      node('Identity', ['after'], ['copy']),
    ],
  });
  const loop = nodeCodec.make({
    opType: 'Loop',
    name: 'loop',
    input: ['trips', '', 'start'],
    output: ['last', 'all'],
    attribute: [attributeCodec.make({ name: 'body', type: attributeTypes.GRAPH, g: body })],
  });
  return modelCodec.encode({
    ...proto,
    opsetImport: [operatorSetCodec.make({ version: 17 })],
    graph: { ...proto.graph!, node: [loop] },
  });
}

test('a loop carries a value, sees one from outside and collects another', () => {
  const { module, resources } = importOnnx(readOnnxModel({ bytes: loopModel(), name: 'loop.onnx' }));
  const floats = (...v: readonly number[]) => ({
    elementType: 'f32' as const,
    shape: [v.length],
    bytes: new Uint8Array(Float32Array.from(v).buffer),
  });
  const { last, all } = interpretModule(module, resources, { start: floats(1, 10), step: floats(2, 0.5) });
  const numbers = (t: typeof last): number[] => [...new Float32Array(t!.bytes.buffer)];
  assert.deepEqual(numbers(last), [7, 11.5]);
  assert.deepEqual(all?.shape, [3, 2]);
  assert.deepEqual(numbers(all), [3, 10.5, 5, 11, 7, 11.5]);
});
