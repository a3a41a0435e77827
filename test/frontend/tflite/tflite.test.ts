/** TensorFlow Lite models are read, checked, and compute what the same model computes as ONNX. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { StrataError } from '../../../src/base/diagnostics';
import { compileModel } from '../../../src/compiler/compileModel';
import { interpretModel } from '../../../src/compiler/interpretModel';
import { relativeError, elementsOf } from '../../../src/compiler/compareTensors';
import type { HostTensor } from '../../../src/frontend/elementType';
import { importOnnx } from '../../../src/frontend/onnx/importOnnx';
import { tfliteToOnnx } from '../../../src/frontend/tflite/importTflite';
import { readTflite } from '../../../src/frontend/tflite/schema';
import { randomNumbers } from '../../randomInputs';
import { modelFile, openSession, referenceOutputs, scratch, seededInputs } from '../../compiler/models';
import type { Scale } from './writeTflite';
import { tfliteOf } from './writeTflite';

/** N x C x H x W as N x H x W x C. */
function channelsLast(t: HostTensor): HostTensor {
  if (t.shape.length !== 4) return t;
  const [n, c, h, w] = t.shape as [number, number, number, number];
  const from = new Float32Array(t.bytes.slice().buffer);
  const to = new Float32Array(from.length);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let p = 0; p < h * w; p++) to[(i * h * w + p) * c + k] = from[(i * c + k) * h * w + p]!;
  return { ...t, shape: [n, h, w, c], bytes: new Uint8Array(to.buffer) };
}
const quantised = (t: HostTensor, { scales, zeroPoints }: Scale): HostTensor => {
  const values = new Float32Array(t.bytes.slice().buffer);
  const q = Int8Array.from(values, (v) =>
    Math.max(-128, Math.min(127, Math.round(v / scales[0]!) + zeroPoints[0]!)),
  );
  return { elementType: 'i8', shape: t.shape, bytes: new Uint8Array(q.buffer) };
};

describe('TensorFlow Lite', () => {
  for (const name of ['ds-cnn', 'resnet8', 'autoencoder'])
    it(`${name} in floats compiles to what its ONNX form computes`, async (t) => {
      const file = path.join(scratch(), `${name}.tflite`);
      writeFileSync(file, tfliteOf(name).bytes);
      const given = seededInputs(name, {}, 1);
      const [expected] = await referenceOutputs(modelFile(name), [given]);
      const { compilation } = await compileModel({ model: file, output: `${file}.strata` });
      assert.deepEqual(compilation.warnings, []);
      const session = await openSession(t, `${file}.strata`);
      const { outputs } = await session.run({ input: channelsLast(given['input']!) });
      const [found] = Object.values(outputs);
      assert.ok(relativeError(elementsOf(found!), elementsOf(expected!['output']!)) < 1e-4);
      // The chain leads to operators of the file.
      const kinds = new Set(compilation.modelNodes.map((n) => n.opType));
      assert.ok(kinds.has(name === 'autoencoder' ? 'FULLY_CONNECTED' : 'CONV_2D'), [...kinds].join());
      assert.ok(compilation.dispatches.every((d) => d.origins.length > 0));
      await session.close();
    });

  for (const name of ['ds-cnn-int8', 'autoencoder-int8'])
    it(`${name} is within a step of its ONNX form`, async () => {
      const file = path.join(scratch(), `${name}.tflite`);
      const { bytes, input, output } = tfliteOf(name);
      writeFileSync(file, bytes);
      const given = seededInputs(name, {}, 1);
      const [expected] = await referenceOutputs(modelFile(name), [given]);
      const outputs = await interpretModel(file, { input: quantised(channelsLast(given['input']!), input!) });
      const [found] = Object.values(outputs);
      assert.equal(found!.elementType, 'i8');
      const steps = [...elementsOf(found!)].map((q) => q - output!.zeroPoints[0]!);
      const wanted = [...elementsOf(expected!['output']!)].map((v) => v / output!.scales[0]!);
      const most = Math.max(...steps.map((s, i) => Math.abs(s - wanted[i]!)));
      assert.ok(most <= 1.01, `${most} steps apart`);
    });

  it('names an operator that it does not know', () => {
    const { bytes } = tfliteOf('autoencoder');
    const broken = bytes.slice();
    // The code of FULLY_CONNECTED, in both of its fields.
    const model = readTflite({ name: 'm', bytes });
    assert.deepEqual([...new Set(model.operators.map((o) => o.code))], ['FULLY_CONNECTED']);
    for (let i = 0; i + 4 <= broken.length && i < broken.length; i++)
      if (broken[i] === 9 && broken[i + 1] === 0 && broken[i + 2] === 0 && broken[i + 3] === 0)
        broken[i] = 99;
    assert.throws(
      () => tfliteToOnnx(readTflite({ name: 'm.tflite', bytes: broken })),
      /STR036[01] m\.tflite /,
    );
  });

  it('refuses every truncation and any flipped byte with a coded error, or reads on', () => {
    const { bytes } = tfliteOf('ds-cnn-int8');
    const attempt = (damaged: Uint8Array): void => {
      try {
        const { model, origins } = tfliteToOnnx(readTflite({ name: 'm.tflite', bytes: damaged }));
        importOnnx(model, { origins });
      } catch (error) {
        if (!(error instanceof StrataError)) throw error;
        assert.match(error.code, /^STR0[34]/);
      }
    };
    const seed = Number(process.env['STRATA_SEED'] ?? 1);
    const next = randomNumbers(seed);
    for (let n = 0; n < 64; n++) attempt(bytes.slice(0, n));
    for (let n = 0; n < 200; n++) attempt(bytes.slice(0, Math.floor(next() * bytes.length)));
    for (let n = 0; n < 200; n++) {
      const damaged = bytes.slice();
      // The tables lie at the end, the weights before them.
      const at = bytes.length - 1 - Math.floor(next() * 12_000);
      damaged[Math.max(0, at)] = Math.floor(next() * 256);
      attempt(damaged);
    }
  });
});
