import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Operation } from '../../src/ir';
import { modelNodesOf, printOp } from '../../src/ir';
import { applyPasses, moduleOf, networks } from './linalgSamples';

const pipeline = 'lower-nn-to-linalg,canonicalize,cse,fuse-elementwise,dce,form-dispatches,cse,dce';
const regionsOf = (module: Operation): readonly Operation[] =>
  module.find((op) => op.name === 'dispatch.region');
const nameOf = (op: Operation): string => {
  const name = op.attr('sym_name');
  return name?.kind === 'string' ? name.value : '';
};

describe('dispatch formation', () => {
  for (const network of networks) {
    it(`divides ${network.name} into ${network.dispatches.length} kernels`, () => {
      const module = moduleOf(network);
      applyPasses(module, pipeline);
      const regions = regionsOf(module);
      assert.deepEqual(regions.map(nameOf), network.dispatches, printOp(module));
    });
    it(`leaves only constants and reshapes of ${network.name} outside`, () => {
      const module = moduleOf(network);
      applyPasses(module, pipeline);
      const outside = module
        .body()
        .first!.body()
        .ops.map((op) => op.name);
      const allowed = new Set([
        'dispatch.region',
        'func.return',
        'arith.constant',
        'tensor.expand_shape',
        'tensor.collapse_shape',
      ]);
      assert.deepEqual(
        outside.filter((name) => !allowed.has(name)),
        [],
      );
    });
  }

  it('gives a kernel the locations of all nodes that it computes', () => {
    const module = moduleOf(networks[0]!);
    const nodes = module
      .find((op) => op.dialect === 'nn')
      .flatMap((op) => modelNodesOf(op.location).map((n) => n.name));
    applyPasses(module, pipeline);
    const kept = regionsOf(module).map((op) => modelNodesOf(op.location).map((n) => n.name));
    assert.deepEqual(kept.flat(), nodes);
    assert.equal(kept[2]!.length, 2, 'the projection takes in the residual sum');
  });

  it('says why ops stayed apart', () => {
    const module = moduleOf(networks.find((n) => n.name === 'a softmax')!);
    applyPasses(module, pipeline);
    const reasons = regionsOf(module).map((op) => op.attr('fusion_refused')?.text ?? '');
    assert.match(reasons.join('\n'), /2 ops read the result of 'subf, exp'/);
  });

  it('keeps each op in a kernel of its own when asked', () => {
    const module = moduleOf(networks[0]!);
    applyPasses(module, 'lower-nn-to-linalg,form-dispatches{followers=false}');
    assert.equal(regionsOf(module).length, 9);
  });
});
