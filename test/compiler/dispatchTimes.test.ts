import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { measurementOf } from '../../src/compiler/artifactSession';
import { compileModel } from '../../src/compiler/compileModel';
import { dispatchShare, dispatchTime } from '../../src/compiler/dispatchTimes';
import { openSession } from '../../src/compiler/openSession';
import { loadInputs } from '../../src/compiler/tensors';
import { modelNodeTimes } from '../../src/language/modelHeat';
import { joinZone } from '../../src/language/zoneJoin';
import { findDispatch } from '../../src/profiler/dispatchId';
import { readTrace } from '../../src/profiler/readTrace';
import { allFacts } from '../../src/profiler/trace';
import { scratch } from './models';
import { stageNodes, twoStages } from './twoStages';

const timings = {
  entry: 'main',
  threads: 1,
  dims: {},
  iterationNs: [100, 100],
  dispatches: [
    { index: 0, name: 'a', entry: 'main', ns: [10, 10] },
    { index: 0, name: 'b', entry: 'main_1', ns: [15, 15, 15, 15] },
    { index: 1, name: 'c', entry: 'main_1', ns: [0, 20] },
  ],
};

test('a dispatch has the time of its entry point, and a share by how often it ran', () => {
  const m = measurementOf(timings);
  const at = (entryPoint: string, index: number) => ({ entryPoint, index });
  assert.equal(dispatchTime(m, at('main', 0))?.medianNs, 10);
  assert.equal(dispatchTime(m, at('main_1', 0))?.medianNs, 15);
  assert.equal(dispatchTime(m, at('main_1', 1))?.medianNs, 10);
  assert.equal(dispatchTime(m, at('main', 1)), undefined, 'there is none in that entry point');
  assert.equal(dispatchTime(undefined, at('main', 0)), undefined);
  assert.deepEqual(
    [at('main', 0), at('main_1', 0), at('main_1', 1)].map((id) => dispatchShare(m, id)),
    [0.2, 0.6, 0.2],
  );
  assert.equal(dispatchShare(m, at('decode', 0)), undefined);
});

test('a zone of a run of several entry points joins the dispatch of its own', async (t) => {
  const model = path.join(scratch(), 'two-stages.onnx');
  writeFileSync(model, twoStages());
  const output = path.join(scratch(), 'two-stages.strata');
  const { compilation } = await compileModel({ model, output, optLevel: 1 });
  const { dispatches, modelNodes } = compilation;
  assert.deepEqual(
    dispatches.map((d) => `${d.entryPoint}:${d.index}`),
    ['main:0', 'main_1:0'],
  );
  const session = await openSession(output, {
    resourceRoot: process.cwd(),
    compile: (stage) => compileModel(stage),
  });
  t.after(() => session.close());
  const file = path.join(scratch(), 'two-stages.pftrace');
  const inputs = loadInputs(session.entryPoint().inputs, new Map(), new Map());
  const { timings: measured } = await session.profile(inputs, file, { repeat: 4, warmup: 1 });
  const m = measurementOf(measured, { trace: file });

  const own = m.dispatches.map((d) => d.medianNs);
  assert.deepEqual(
    dispatches.map((d) => dispatchTime(m, d)?.medianNs),
    own,
  );
  const nodes = modelNodeTimes(modelNodes, dispatches, (d) => dispatchTime(m, d)?.medianNs);
  assert.deepEqual(
    stageNodes.map((name) => nodes.find((n) => n.node.name === name)?.ns),
    own,
  );

  const trace = readTrace(readFileSync(file), 'two-stages.pftrace');
  const facts = allFacts(trace);
  const { name, args } = trace.zones;
  const seen = new Set<string>();
  for (let i = 0; i < args.length; i++) {
    const { dispatch, entry, origins = [] } = facts[args[i]!]!;
    if (dispatch === undefined || entry === undefined) continue;
    const zone = { name: trace.strings[name[i]!]!, dispatch, entry, origins };
    for (const ran of [true, false]) {
      const joined = joinZone(zone, { dispatches, modelNodes, model, ran });
      assert.equal(joined?.dispatch, findDispatch(dispatches, { entryPoint: entry, index: dispatch }));
      assert.equal(joined?.dispatch.name, zone.name);
      assert.equal(joined.evidence, 'recorded');
    }
    const { entry: _, ...unsaid } = zone;
    assert.equal(
      joinZone({ ...unsaid, name: 'x', origins: [] }, { dispatches, modelNodes, model, ran: true }),
      undefined,
    );
    seen.add(zone.name);
  }
  assert.deepEqual([...seen].sort(), dispatches.map((d) => d.name).sort());
});
