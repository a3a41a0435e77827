/** Quantised tensors, each computed from ONNX Runtime's, are ONNX Runtime's but at ties. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { compileModel } from '../../src/compiler/compileModel';
import { OrtReference } from '../../src/compiler/onnxRuntime';
import { QuantisedSteps } from '../../src/compiler/quantisedSteps';
import { readOnnxModel } from '../../src/frontend/onnx/readModel';
import { modelFile, openSession, scratch, seededInputs } from './models';

test('a quantised model agrees step by step, and one whose tensors are changed does not', async (t) => {
  const name = 'ds-cnn-int8';
  const steps = QuantisedSteps.of(readOnnxModel(modelFile(name)));
  assert.ok(steps !== undefined);
  const observed = path.join(scratch(), 'observed.onnx');
  writeFileSync(observed, steps.observed());
  const reference = await OrtReference.load(observed, 1, 'literal');
  assert.ok(reference !== undefined, 'onnxruntime-node is not installed');
  const inputs = seededInputs(name, {}, 1);
  const expected = await reference.run(inputs);
  await reference.release();

  const model = path.join(scratch(), 'cut.onnx');
  const output = path.join(scratch(), 'cut.strata');
  writeFileSync(model, steps.cut(expected));
  await compileModel({ model, output });
  const session = await openSession(t, output);
  const names = session.entryPoint().inputs.map((i) => i.name);
  assert.equal(names.length, 1 + steps.tensors.length);
  const { outputs } = await session.run(
    Object.fromEntries(names.map((n) => [n, inputs[n] ?? expected[n]!])),
    { threads: 1 },
  );
  await session.close();
  const agreement = steps.compare(outputs, expected);
  assert.ok(agreement.agrees, JSON.stringify(agreement));
  assert.ok(agreement.beside <= agreement.elements / 10_000, JSON.stringify(agreement));

  // One step, where the sum is nowhere near a tie; then two steps.
  const [first] = Object.keys(outputs);
  for (const by of [1, 2]) {
    const tensor = outputs[first!]!;
    const bytes = tensor.bytes.map((v) => (v < 128 ? v + by : v - by));
    const found = steps.compare({ ...outputs, [first!]: { ...tensor, bytes } }, expected);
    assert.equal(found.agrees, false);
    assert.equal(found.mostSteps, by);
    assert.ok(found.fromTie > 0.1);
  }
});

test('a model that quantises nothing has no steps', () => {
  assert.equal(QuantisedSteps.of(readOnnxModel(modelFile('tiny-convnet'))), undefined);
});
