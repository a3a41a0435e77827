/** Every op of the graph stage, and small networks, down to loops: kernels compute what the graph does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAttributeText } from '../../src/ir';
import { applyPasses, moduleOf, networks, randomInputs, relativeError, run, samples } from './linalgSamples';

const steps = [
  'lower-nn-to-linalg,canonicalize,cse,fuse-elementwise,canonicalize,dce,form-dispatches,cse,fuse-rows,dce',
  'pack-weights,choose-schedules',
  'lower-to-loops',
  'canonicalize,cse',
];
const targets = {
  avx512: '{arch = "x86_64", features = ["avx512f", "fma"]}',
  baseline: '{arch = "x86_64"}',
};

for (const [name, target] of Object.entries(targets)) {
  describe(`ops as loops for ${name}`, () => {
    for (const [seed, sample] of [...samples, ...networks].entries()) {
      it(`keeps what ${sample.name} computes`, () => {
        const inputs = randomInputs(sample.inputs, seed);
        const expected = run(moduleOf(sample), inputs);
        const module = moduleOf(sample);
        module.setAttr('strata.target', parseAttributeText(target));
        for (const step of steps) applyPasses(module, step);
        assert.deepEqual(
          module.find((op) => op.dialect === 'linalg' || op.name === 'dispatch.region').map((op) => op.name),
          [],
        );
        const error = relativeError(run(module, inputs), expected);
        assert.ok(error <= 1e-5, `relative error ${error}`);
        // What bufferize refuses would be an op between kernels.
        applyPasses(module, 'bufferize,plan-arena,dce');
        assert.deepEqual(
          module.find((op) => op.dialect === 'tensor' || op.dialect === 'dispatch').map((op) => op.name),
          [],
        );
      });
    }
  });
}
