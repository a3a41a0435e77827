/** Convolutions by tiles: what they compute, when they are taken, and that each becomes three kernels. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Builder, Operation, Value } from '../../src/ir';
import { ResourceStore, denseElements, parseAttributeText, types } from '../../src/ir';
import * as arith from '../../src/ir/dialects/arith';
import * as nn from '../../src/ir/dialects/nn';
import { randomStream } from '../../src/frontend/random';
import { measuredError, tileSizes } from '../../src/lowering/rules/winogradTransforms';
import type { Sample } from './linalgSamples';
import { applyPasses, moduleOf, randomInputs, relativeError, run } from './linalgSamples';

const { tensor, f32 } = types;

interface Shape {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly channels: number;
  readonly filters: number;
  readonly pads: readonly [number, number, number, number];
}
const constant = (b: Builder, shape: readonly number[], seed: number): Value => {
  const stream = randomStream(seed, 'weights');
  const values = Array.from({ length: shape.reduce((x, y) => x * y, 1) }, () => stream.between(-1, 1));
  return b.value(arith.constant, { value: denseElements(tensor(shape, f32), values) });
};
/** relu(conv(x) + bias + residual). */
function convolution(s: Shape): Sample {
  const [h, w] = s.size;
  const [top, left, bottom, right] = s.pads;
  const output = tensor([s.batch, h + top + bottom - 2, w + left + right - 2, s.filters], f32);
  return {
    name: `${s.batch}x${h}x${w}x${s.channels} by ${s.filters}, pads ${s.pads.join(',')}`,
    inputs: [tensor([s.batch, h, w, s.channels], f32), output],
    build: (b, [x, residual]) => {
      const weight = constant(b, [3, 3, s.channels, s.filters], 7);
      const bias = constant(b, [s.filters], 8);
      const geometry = { strides: [1, 1], pads: s.pads, dilations: [1, 1], groups: 1 };
      const y = b.value(nn.conv2d, { input: x!, weight, bias, ...geometry, layout: 'nhwc_hwcf' });
      return [b.value(nn.relu, { input: b.value(nn.add, { lhs: y, rhs: residual! }) })];
    },
  };
}
const shapes: readonly Shape[] = [
  { batch: 1, size: [8, 8], channels: 16, filters: 16, pads: [1, 1, 1, 1] },
  { batch: 2, size: [7, 9], channels: 16, filters: 32, pads: [1, 1, 1, 1] },
  { batch: 1, size: [13, 5], channels: 32, filters: 16, pads: [0, 0, 0, 0] },
  { batch: 1, size: [3, 3], channels: 16, filters: 16, pads: [0, 1, 2, 0] },
  { batch: 1, size: [1, 11], channels: 16, filters: 16, pads: [1, 2, 1, 2] },
];
const target = parseAttributeText('{arch = "x86_64", features = ["avx512f", "fma"]}');
const before = 'lower-nn-to-linalg,canonicalize';
const after = [
  'cse,fuse-elementwise,dce',
  'form-dispatches,cse,dce',
  'pack-weights,choose-schedules',
  'lower-to-loops',
  'canonicalize,cse',
];
const regionsOf = (module: Operation): readonly string[] =>
  module.find((op) => op.name === 'dispatch.region').map((op) => op.attr('sym_name')!.text);

for (const m of tileSizes) {
  describe(`convolutions by tiles of ${m}×${m}`, () => {
    for (const [seed, shape] of shapes.entries()) {
      const sample = convolution(shape);
      it(`compute what the convolution does: ${sample.name}`, () => {
        const inputs = randomInputs(sample.inputs, seed);
        const expected = run(moduleOf(sample), inputs);
        const module = moduleOf(sample);
        const resources = new ResourceStore();
        module.setAttr('strata.target', target);
        for (const step of [before, `winograd-convolutions{tile=${m} max-error=1e-4}`, ...after]) {
          applyPasses(module, step, resources);
          const error = relativeError(run(module, inputs, resources), expected);
          assert.ok(error <= 2e-5, `after ${step}: relative error ${error}`);
          if (step.startsWith('form')) {
            const names = regionsOf(module);
            assert.equal(names.length, 3, names.join());
            assert.match(names.join(), /winograd_input.*batch_matmul.*winograd_output/);
          }
        }
      });
    }
  });
}

describe('the choice of tiles', () => {
  const chosen = (shape: Shape, options = ''): number => {
    const module = moduleOf(convolution(shape));
    module.setAttr('strata.target', target);
    applyPasses(module, `${before},winograd-convolutions${options}`);
    return Number(
      /winograd input (\d)/.exec(
        module.find((op) => op.attr('doc') !== undefined)[0]?.attr('doc')?.text ?? '',
      )?.[1] ?? 0,
    );
  };
  const large: Shape = { batch: 1, size: [28, 28], channels: 32, filters: 32, pads: [1, 1, 1, 1] };
  it('takes large tiles for large images', () => {
    assert.equal(chosen(large), 4);
  });
  it('takes none where the error that was measured is too large', () => {
    assert.equal(chosen(large, '{max-error=1e-9}'), 0);
  });
  it('takes none for channels that fill no vector', () => {
    assert.equal(chosen({ ...large, channels: 24 }), 0);
  });
  it('measures an error that grows with the tile and stays within single precision', () => {
    const stream = randomStream(1, 'w');
    const weights = Float32Array.from({ length: 9 * 64 * 8 }, () => stream.between(-1, 1));
    const [small, wide] = tileSizes.map((m) => measuredError(m, weights, 64, 8));
    assert.ok(small! > 0 && small! < wide! && wide! < 1e-5, `${small} ${wide}`);
  });
});
