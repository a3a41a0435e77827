/** Compiled models in the native runner compute what ONNX Runtime computes. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { compileModel } from '../../src/compiler/compileModel';
import type { OptLevel } from '../../src/lowering/pipeline';
import { referenceModel } from '../../src/frontend/zoo/referenceModels';
import { cpuLevels } from '../../src/compiler/targetDescription';
import {
  assertAgrees,
  modelFile,
  openSession,
  referenceOutputs,
  runnableLevels,
  scratch,
  seededInputs,
} from './models';

const tolerance = 1e-4;
const seeds = [1, 2];

describe('agreement with ONNX Runtime', () => {
  for (const name of ['mobilenet-v2', 'resnet50']) {
    for (const batch of [1, 2]) {
      it(`of ${name} at batch ${batch}, on 1 and 2 threads`, async (t) => {
        const model = modelFile(name, { batch });
        const output = path.join(scratch(), `${name}-${batch}.strata`);
        await compileModel({ model, output });
        const inputs = seeds.map((seed) => seededInputs(name, { batch }, seed));
        const expected = await referenceOutputs(model, inputs);
        const session = await openSession(t, output);
        for (const threads of [1, 2]) {
          for (const [i, each] of inputs.entries()) {
            const { outputs, timings } = await session.run(each, { threads });
            assert.equal(timings.threads, threads);
            assertAgrees(outputs, expected[i]!, tolerance, `${threads} threads, seed ${seeds[i]}`);
          }
        }
        assert.notDeepEqual(expected[0], expected[1], 'the result depends on the input');
        await session.close();
      });
    }
  }

  for (const name of ['mobilenet-v3-small', 'quartznet-5x5', 'ds-cnn', 'resnet8', 'autoencoder']) {
    it(`of ${name}`, async (t) => {
      const model = modelFile(name);
      const output = path.join(scratch(), `${name}.strata`);
      await compileModel({ model, output });
      const inputs = [seededInputs(name, {}, 1)];
      const [expected] = await referenceOutputs(model, inputs);
      const session = await openSession(t, output);
      const { outputs } = await session.run(inputs[0]!, { threads: 2 });
      assertAgrees(outputs, expected!, referenceModel(name).tolerance, name);
      await session.close();
    });
  }

  // Levels with dot products of small types differ from avx512 in nothing that this model has.
  for (const cpuLevel of cpuLevels.filter((l) => l !== 'avx512vnni' && l !== 'avx512bf16')) {
    for (const optLevel of [0, 1, 2, 3] as readonly OptLevel[]) {
      it(`of tiny-convnet for ${cpuLevel} at -O${optLevel}, batch 1 and 2`, async (t) => {
        const { here } = await runnableLevels();
        if (!here.includes(cpuLevel)) {
          t.skip(`this machine does not run ${cpuLevel}`);
          return;
        }
        for (const batch of [1, 2]) {
          const model = modelFile('tiny-convnet', { batch });
          const output = path.join(scratch(), `tiny-${batch}-${cpuLevel}-${optLevel}.strata`);
          const { compilation } = await compileModel({ model, output, cpuLevel, optLevel });
          assert.equal(compilation.featureLevel, cpuLevel);
          const inputs = [seededInputs('tiny-convnet', { batch }, 3)];
          const [expected] = await referenceOutputs(model, inputs);
          const session = await openSession(t, output);
          for (const threads of [1, 2]) {
            const { outputs } = await session.run(inputs[0]!, { threads });
            assertAgrees(outputs, expected!, tolerance, `batch ${batch}, ${threads} threads`);
          }
          await session.close();
        }
      });
    }
  }
});
