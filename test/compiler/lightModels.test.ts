/** The ONNX project's light models, whole and compiled, give their published outputs. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { compileModel } from '../../src/compiler/compileModel';
import { readTensorFile } from '../../src/frontend/tensorFile';
import { assertAgrees, openSession, scratch } from './models';

const folder = '../shared/data/onnx-light';
const models = {
  resnet50: 'gpu_0/data_0',
  squeezenet: 'data_0',
  shufflenet: 'gpu_0/data_0',
  inception_v1: 'data_0',
} as const;

/** What the published outputs are of: `arange(n) / n`. */
const shape = [1, 3, 224, 224];
const count = 3 * 224 * 224;
const ramp = Float32Array.from({ length: count }, (_, i) => i / count);

describe('light models', { skip: !existsSync(folder) && `${folder} is not there` }, () => {
  for (const [name, input] of Object.entries(models)) {
    it(`${name} as generated code`, async (t) => {
      const output = path.join(scratch(), `light-${name}.strata`);
      await compileModel({ model: `${folder}/light_${name}.onnx`, output, optLevel: 0 });
      const session = await openSession(t, output);
      const { outputs } = await session.run({
        [input]: { elementType: 'f32', shape, bytes: new Uint8Array(ramp.buffer) },
      });
      const { tensor } = readTensorFile(`${folder}/light_${name}_output_0.pb`);
      const [result] = Object.keys(outputs);
      assertAgrees(outputs, { [result!]: tensor }, 1e-5, name);
      await session.close();
    });
  }
});
