import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { parseModule, printOp, verify } from '../../src/ir';
import { registry } from '../../src/ir/dialects';
import { applyPasses, moduleOf, networks, randomInputs, relativeError, run, samples } from './linalgSamples';

/** The steps from graph to dispatches; each is checked against the graph. */
const steps = [
  'lower-nn-to-linalg',
  'canonicalize,cse',
  'fuse-elementwise',
  'canonicalize,dce',
  'form-dispatches',
];
const tolerance = 2e-6;

const mlirOpt = ['mlir-opt-22', 'mlir-opt'].find((tool) => {
  const { stdout, status } = spawnSync(tool, ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.includes('version 22');
});

describe('lowering of nn to dispatches', () => {
  const texts: string[] = [];
  for (const [seed, sample] of [...samples, ...networks].entries()) {
    it(`keeps what ${sample.name} computes`, () => {
      const inputs = randomInputs(sample.inputs, seed);
      const expected = run(moduleOf(sample), inputs);
      const module = moduleOf(sample);
      for (const step of steps) {
        applyPasses(module, step);
        assert.deepEqual(verify(module), []);
        const error = relativeError(run(module, inputs), expected);
        assert.ok(error <= tolerance, `after ${step}: relative error ${error}\n${printOp(module)}`);
        const text = printOp(module);
        assert.equal(printOp(parseModule(text, registry).module), text);
        texts.push(text);
      }
      assert.deepEqual(
        module.find((op) => op.dialect === 'nn'),
        [],
      );
    });
  }

  it(
    'prints text that mlir-opt accepts',
    { skip: mlirOpt === undefined && 'mlir-opt 22 is not installed' },
    () => {
      assert.ok(texts.length > 0);
      const input = texts.join('\n// -----\n');
      execFileSync(mlirOpt!, ['--allow-unregistered-dialect', '--split-input-file', '-o', '/dev/null'], {
        input,
        stdio: ['pipe', 'ignore', 'pipe'],
      });
    },
  );
});
