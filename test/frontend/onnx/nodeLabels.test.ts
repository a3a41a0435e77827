import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeLabels } from '../../../src/frontend/onnx/nodeLabels';
import { graphCodec } from '../../../src/frontend/onnx/proto/onnxProto';
import { node } from './sampleModels';

test('labels are unique and keep unique names', () => {
  const names = ['a', '', 'b', 'a', 'Relu_1', 'a#2'];
  const graph = graphCodec.make({ node: names.map((name, i) => node('Relu', ['x'], [`y${i}`], { name })) });
  assert.deepEqual([...nodeLabels(graph).values()], ['a', 'Relu_1#2', 'b', 'a#3', 'Relu_1', 'a#2']);
});
