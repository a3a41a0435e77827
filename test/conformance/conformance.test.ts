/** A share of the ONNX backend suite, where the `onnx` Python package is installed (`STRATA_PYTHON` names another Python). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { conformanceTargets, runConformance } from '../../src/compiler/conformance';
import { findCases } from '../../src/compiler/conformanceCases';
import { differenceOf } from '../../src/compiler/conformanceCompare';
import { conformanceReport, summaryOf } from '../../src/compiler/conformanceReport';
import { expectedFailures } from '../../src/compiler/expectedFailures';
import type { HostTensor } from '../../src/frontend/elementType';

const python = process.env['STRATA_PYTHON'] ?? 'python3';
const share =
  '^test_(add|and|argmax|cast|concat|conv|gather|if|loop|lstm|pad|resize|scan|slice|softmax|topk?)';

test('a share of the ONNX backend suite passes, but for what is expected to fail', async (t) => {
  if (spawnSync(python, ['-c', 'import onnx']).status !== 0) {
    t.skip('the Python package onnx is not installed');
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-cases-'));
  try {
    const written = spawnSync(python, ['test/conformance/writeCases.py', folder, share], {
      encoding: 'utf8',
    });
    assert.equal(written.status, 0, written.stderr);
    for (const target of conformanceTargets) {
      const results = await runConformance(findCases(folder), {
        target,
        timeLimit: 20_000,
        expectedFailures: expectedFailures(target),
        resourceRoot: process.cwd(),
      });
      assert.deepEqual(
        results
          .filter((r) => r.state === 'failed' || r.state === 'unexpected')
          .map((r) => `${target}: ${r.name}: ${r.reason}`),
        [],
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const tensor = (elementType: 'f32' | 'i64', values: readonly number[]): HostTensor => ({
  elementType,
  shape: [values.length],
  bytes: new Uint8Array(
    elementType === 'f32' ? Float32Array.from(values).buffer : BigInt64Array.from(values, BigInt).buffer,
  ),
});
const tolerance = { rtol: 1e-3, atol: 1e-7 };
const compare = (found: HostTensor, expected: HostTensor): string | undefined =>
  differenceOf({ kind: 'tensor', tensor: found }, { kind: 'tensor', tensor: expected }, tolerance);

test('floats agree within the tolerance, everything else exactly, and types always', () => {
  assert.equal(compare(tensor('f32', [1, NaN, Infinity]), tensor('f32', [1.0005, NaN, Infinity])), undefined);
  assert.match(compare(tensor('f32', [1, 2]), tensor('f32', [1, 2.1]))!, /1 of 2 elements differ; element 1/);
  assert.match(compare(tensor('f32', [NaN]), tensor('f32', [1]))!, /element 0 is NaN, expected 1/);
  assert.match(compare(tensor('i64', [1000000]), tensor('i64', [1000001]))!, /expected 1000001/);
  assert.match(compare(tensor('i64', [1]), tensor('f32', [1]))!, /it is i64\[1\], expected f32\[1\]/);
  assert.match(compare(tensor('f32', [1]), tensor('f32', [1, 2]))!, /it is f32\[1\], expected f32\[2\]/);
});

test('an expected failure counts as skipped, an unexpected pass as failed', () => {
  const results = (['passed', 'expected', 'unexpected', 'failed'] as const).map((state) => ({
    name: `test_${state}`,
    operator: 'Add',
    state,
    reason: state === 'passed' ? undefined : 'why',
    problem: undefined,
    milliseconds: 1,
  }));
  assert.equal(summaryOf(results), '1 passed, 2 failed, 1 skipped');
  const report = conformanceReport(new Map([['interpreter', results]]));
  assert.match(report, /\| Add \| 2 \| 4 \|/);
  assert.match(report, /\| test_expected \| interpreter \| why \|/);
});
