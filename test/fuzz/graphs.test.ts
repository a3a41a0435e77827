/** Random graphs give the same results in the interpreter, as generated code and in ONNX Runtime. Seeded: STRATA_SEED. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCache } from '../runner/sharedBuild';
import { compareAll, fuzzGraphs } from './compareGraphs';
import { inputsOf, modelOf, randomGraph } from './randomGraph';
import { graphOfText, graphText, savedGraphs } from './savedGraphs';

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

test('graphs that once failed agree', async () => {
  const saved = savedGraphs();
  assert.ok(saved.length > 0);
  const compared = await compareAll(saved.map(([, g]) => g));
  assert.deepEqual(
    saved.flatMap(([name], i) =>
      compared[i]!.problem === undefined ? [] : `${name}: ${compared[i]!.problem}`,
    ),
    [],
  );
});

test('a graph is the same when it is read back', () => {
  const graph = randomGraph(seed);
  assert.deepEqual(graphOfText(graphText(graph)), graph);
});
