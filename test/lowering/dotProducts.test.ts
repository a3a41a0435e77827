/** Quantised convolutions sum four products of bytes at once, padded ones too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileModel } from '../../src/compiler/compileModel';
import { modelFile } from '../compiler/models';

test('each convolution of resnet8 in 8 bits but the first is made of dot products', async () => {
  const model = modelFile('resnet8-int8');
  const { compilation } = await compileModel({ model, cpuLevel: 'avx512vnni', stopAfter: 'target' });
  // The first has three channels, which no word is made of.
  const convolutions = compilation.dispatches.map((d) => d.name).filter((n) => /conv2d/.test(n));
  const texts = compilation.kernelSource.split(/^(?=\/\/ kernel_)/m);
  const withDots = new Set(
    texts.filter((t) => t.includes('dot_us_')).map((t) => /^\/\/ kernel_(\w+)/.exec(t)?.[1]),
  );
  assert.equal(convolutions.length, 9);
  assert.deepEqual(
    convolutions.slice(1).filter((n) => !withDots.has(n)),
    [],
  );
});
