/** The chain through our own pipeline: from a node of the model to the kernel that it became, each link recorded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neverCancelled } from '../../src/base/cancellation';
import { compileModel } from '../../src/compiler/compileModel';
import { lifeOf } from '../../src/dump/semantic/lifeOfOp';
import { addressOf, opAtAddress } from '../../src/dump/semantic/opAddress';
import { OpSession } from '../../src/dump/session/opSession';
import { SnapshotDiffs, snapshotGraph } from '../../src/dump/semantic/snapshotDiff';
import { pipelineData } from '../../src/ir';
import { Provenance } from '../../src/language/provenance';
import { modelFile } from './models';

test('every node of tiny-convnet leads to its dispatch, and back', async () => {
  const { compilation } = await compileModel({ model: modelFile('tiny-convnet') });
  const { passes, snapshots } = compilation.passes;
  const diffs = new SnapshotDiffs(compilation.passes);
  const steps = diffs.steps();
  const first = snapshotGraph(snapshots.get(passes[0]!.snapshot)!);
  const lastRecord = passes[passes.length - 1]!;
  const last = snapshotGraph(snapshots.get(lastRecord.snapshot)!);
  const provenance = new Provenance(last.snapshot, compilation.dispatches);
  const nodes = first.ops.filter((op) => op.name.startsWith('onnx.'));
  assert.ok(nodes.length > 8, `${nodes.length} nodes`);
  for (const op of nodes) {
    const life = await lifeOf(steps, -1, [addressOf(first, op.index)], neverCancelled);
    const [node] = op.locations;
    const dispatches = new Set(
      life.descendants.flatMap((a) => {
        const found = opAtAddress(last, a);
        return found === undefined ? [] : provenance.dispatchesAt(last.spans[found.index]!);
      }),
    );
    const named = compilation.dispatches.some((d) => d.origins.includes(node!));
    if (named)
      assert.ok(
        [...dispatches].some((d) => d.origins.includes(node!)),
        `${node} leads to ${dispatches.size} others`,
      );
    else
      assert.ok(
        life.events.some((e) => e.kind === 'gone'),
        `${node} is nowhere, and did not die`,
      );
    assert.equal(life.events[0]?.pass, 'convert-onnx-to-nn');
    assert.equal(life.events[0].evidence[0], 'recorded');
    const [kernel] = life.descendants;
    if (kernel === undefined) continue;
    const back = await lifeOf(steps, steps.length - 1, [kernel], neverCancelled);
    assert.ok(
      back.ancestors.some((a) => first.ops[op.index] === opAtAddress(first, a)),
      `${node} and back`,
    );
  }
});

test('the record outranks other evidence, and every op of a snapshot is in its graph', async () => {
  const { compilation } = await compileModel({ model: modelFile('tiny-convnet'), stopAfter: 'dispatch' });
  const diffs = new SnapshotDiffs(compilation.passes);
  for (const pass of compilation.passes.passes.slice(1)) {
    const diff = diffs.between(pass.index - 1, pass.index)!;
    const { snapshot } = snapshotGraph(compilation.passes.snapshots.get(pass.snapshot)!);
    assert.equal(diff.after.ops.length, snapshot.opCount, pass.pass);
    if (!pass.changed) assert.equal(diff.counts.kept, diff.links.length, pass.pass);
    for (const link of diff.links) {
      assert.deepEqual(link.evidence.slice(1).includes('recorded'), false);
      if (link.kind === 'fused')
        assert.ok(link.evidence.includes('recorded'), `${pass.pass} ${link.before.join(' ')}`);
    }
  }
});

test('the passes of a compilation are told to another thread, and compared there', async () => {
  const { compilation } = await compileModel({
    model: modelFile('tiny-convnet'),
    stopAfter: 'fold-batch-norm',
  });
  const session = new OpSession(() => assert.fail('no dump is open'));
  session.addRecord(7, structuredClone(pipelineData(compilation.passes)));
  const last = compilation.passes.passes.length - 1;
  const place = (pass: number) => ({ kind: 'pass', title: `pass ${pass}`, record: 7, pass }) as const;
  const { rows, drawings } = await session.comparison(place(last - 1), place(last), true, neverCancelled);
  assert.ok(
    rows.some((r) => JSON.stringify(r).includes('nn.batch_norm')),
    JSON.stringify(rows),
  );
  assert.equal(drawings!.length, 2);
});
