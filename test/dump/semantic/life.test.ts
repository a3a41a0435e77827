import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { neverCancelled } from '../../../src/base/cancellation';
import { closeDump, openDump } from '../../../src/dump/openDump';
import { DumpHistory } from '../../../src/dump/semantic/dumpHistory';
import { lifeOf } from '../../../src/dump/semantic/lifeOfOp';
import { eventWord } from '../../../src/dump/semantic/lifeText';
import { addressOf, findOps, opAtAddress } from '../../../src/dump/semantic/opAddress';
import { opGraph } from '../../../src/dump/semantic/opGraph';

test('an op is followed through passes of its function, of others and of the module', async () => {
  const dump = await openDump(path.resolve('test/dump/logs/life.log'));
  try {
    const history = new DumpHistory(dump);
    const steps = history.steps();
    const graph = history.graph((await history.states.entry(0)).text);
    const [clamp] = findOps(graph, 'tosa.clamp', () => 0);
    const life = await lifeOf(steps, -1, [addressOf(graph, clamp!.index)], neverCancelled);
    const told = life.events.map((e) => `${e.index} ${e.pass} ${eventWord(e)}`);
    assert.deepEqual(told, ['1 tosa-fuse fused', '3 tosa-tag changed: attributes', '4 drop-dead died']);
    assert.deepEqual(life.descendants, []);
    // And back from what it became.
    const last = opGraph((await history.states.entry(3)).text);
    const [fused] = findOps(last, 'add_clamp', () => 0);
    const back = await lifeOf(steps, 2, [addressOf(last, fused!.index)], neverCancelled);
    assert.deepEqual(back.ancestors.map((a) => opAtAddress(graph, a)?.name).sort(), [
      'tosa.add',
      'tosa.clamp',
    ]);
  } finally {
    await closeDump(dump);
  }
});

test('ops are found by line, value, symbol, name and location', () => {
  const graph = opGraph(
    'module {\n  func.func @f(%x: f32) {\n    %0:2 = a.f %x : f32 loc("conv1")\n    scf.for %i = %0#0 to %0#1 {\n      a.g\n    }\n    return\n  }\n}\n',
  );
  const lineOf = (offset: number): number => graph.text.slice(0, offset).split('\n').length;
  const find = (text: string): string[] => findOps(graph, text, lineOf).map((op) => op.name);
  assert.deepEqual(find('3'), ['a.f']);
  assert.deepEqual(find('6'), ['scf.for']);
  assert.deepEqual(find('%0'), ['a.f']);
  assert.deepEqual(find('%0#1'), ['a.f']);
  assert.deepEqual(find('@f'), ['func.func']);
  assert.deepEqual(find('conv1'), ['a.f']);
  assert.deepEqual(find('scf'), ['scf.for']);
  assert.deepEqual(find('nothing'), []);
});
