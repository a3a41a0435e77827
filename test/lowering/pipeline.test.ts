import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OptLevel } from '../../src/lowering/pipeline';
import { defaultPipeline, textOfPipeline } from '../../src/lowering/pipeline';
import type { BuildOptions } from '../../src/frontend/zoo/referenceModel';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { importOnnx } from '../../src/frontend/onnx/importOnnx';
import { readOnnxModel } from '../../src/frontend/onnx/readModel';
import type { Operation } from '../../src/ir';
import { modelNodesOf, parsePipeline, pipelineText, runPipeline } from '../../src/ir';
import { registry } from '../../src/ir/dialects';
import { signatureOf } from '../../src/ir/dialects/func';
import { passes } from '../../src/lowering/passes';
import { stages } from '../../src/lowering/stages';
import { randomInputs, relativeError, run } from './linalgSamples';

const levels: readonly OptLevel[] = [0, 1, 2, 3];

function importModel(name: string, options: BuildOptions = {}) {
  return importOnnx(readOnnxModel({ bytes: buildReferenceModel(name, options), name: `${name}.onnx` }));
}
const dispatchNames = (module: Operation): readonly string[] =>
  module
    .find((op) => op.name === 'dispatch.region')
    .map((op) => {
      const name = op.attr('sym_name');
      return name?.kind === 'string' ? name.value : '';
    });
/** How many dispatches there are of each family. */
function families(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) {
    const family = /^main_dispatch_\d+_([a-z_0-9]+?)_\d+(x|_)/.exec(name)?.[1] ?? name;
    counts[family] = (counts[family] ?? 0) + 1;
  }
  return counts;
}

describe('default pipeline', () => {
  for (const level of levels) {
    it(`reads back from its text at level ${level}`, () => {
      const text = textOfPipeline(defaultPipeline({ optLevel: level }));
      assert.equal(pipelineText(parsePipeline(text, passes)), text);
    });
    it(`goes through the stages in order at level ${level}`, () => {
      const seen = [...new Set(defaultPipeline({ optLevel: level }).map((s) => s.stage))];
      assert.deepEqual(
        seen,
        stages.map((s) => s.name).filter((s) => s !== 'import'),
      );
      for (const stage of seen) {
        const established = defaultPipeline({ optLevel: level })
          .filter((s) => s.stage === stage)
          .map((s) => s.establishes?.name);
        assert.deepEqual(
          established.filter((e) => e !== undefined),
          [stage],
        );
        assert.equal(established[established.length - 1], stage);
      }
    });
  }
  it('is a longer list at each level', () => {
    const lengths = levels.map((optLevel) => defaultPipeline({ optLevel }).length);
    assert.deepEqual(
      [...lengths].sort((a, b) => a - b),
      lengths,
    );
    assert.equal(textOfPipeline(defaultPipeline()), textOfPipeline(defaultPipeline({ optLevel: 3 })));
  });
  it('names the targets when one is not known', () => {
    assert.throws(
      () => defaultPipeline({ target: 'abacus' as 'cpu' }),
      /STR0503 there is no target 'abacus'; there are cpu/,
    );
  });
});

describe('models in the default pipeline', () => {
  it('makes 54 kernels of MobileNetV2: 52 convolutions, a mean, a product', () => {
    const { module, resources, nodes } = importModel('mobilenet-v2');
    const record = runPipeline(module, defaultPipeline(), { registry, resources, stopAfter: 'dispatch' });
    const names = dispatchNames(module);
    assert.deepEqual(families(names), { conv2d: 35, depthwise_conv2d: 17, reduce_mean: 1, matmul: 1 });
    assert.equal(names[0], 'main_dispatch_0_conv2d_1x112x112x32x3x3x3_f32');
    // Every node of the model but those that compute nothing is part of a kernel.
    const imported = nodes
      .filter((n) => n.opType !== 'Constant' && n.opType !== 'Flatten')
      .map((n) => n.name);
    const kept = module
      .find((op) => op.name === 'dispatch.region')
      .flatMap((op) => modelNodesOf(op.location).map((n) => n.name));
    assert.deepEqual([...new Set(kept)].sort(), imported.sort());
    assert.equal(record.passes[record.passes.length - 1]!.stage, 'dispatch');
  });
  for (const [name, options, level] of [
    ...levels.map((l) => ['tiny-convnet', { batch: 2 }, l] as const),
    ['mobilenet-v2', { width: 0.25, resolution: 32 }, 3] as const,
  ]) {
    it(`keeps what ${name} computes at every stage up to dispatches, at level ${level}`, () => {
      const { module, resources } = importModel(name, options);
      const inputs = randomInputs(signatureOf(module.body().first!).inputs, 7);
      const expected = run(module, inputs, resources);
      const steps = defaultPipeline({ optLevel: level });
      for (const stage of ['graph', 'structured', 'dispatch']) {
        runPipeline(
          module,
          steps.filter((s) => s.stage === stage),
          { registry, resources },
        );
        const error = relativeError(run(module, inputs, resources), expected);
        assert.ok(error < 1e-4, `after ${stage}: relative error ${error}`);
      }
    });
  }
});
