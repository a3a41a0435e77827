/** Random graphs give the same results in the interpreter, as generated code and in ONNX Runtime. Seeded: STRATA_SEED. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCache } from '../runner/sharedBuild';
import { fuzzGraphs } from './compareGraphs';
import { inputsOf, modelOf, randomGraph } from './randomGraph';

process.env['STRATA_CACHE_DIR'] ??= testCache;
const seed = Number(process.env['STRATA_SEED'] ?? 1);
const count = 2000;

test(`${count} random graphs from seed ${seed} on`, async (t) => {
  const { findings, operators, nodes, withReference } = await fuzzGraphs(seed, count);
  t.diagnostic(`${nodes} nodes of ${operators.size} operators; ${withReference} graphs in ONNX Runtime too`);
  assert.deepEqual(
    findings.map((f) => `${f.problem}\n${f.text}`),
    [],
  );
  assert.ok(withReference > count / 4, 'ONNX Runtime computes a good part of the graphs');
});

test('a seed is always the same graph', () => {
  assert.deepEqual(modelOf(randomGraph(seed)), modelOf(randomGraph(seed)));
  assert.deepEqual(inputsOf(randomGraph(seed)), inputsOf(randomGraph(seed)));
  assert.notDeepEqual(modelOf(randomGraph(seed)), modelOf(randomGraph(seed + 1)));
});
