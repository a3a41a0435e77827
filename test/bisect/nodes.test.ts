/** Comparison by model nodes, and what holding rules and rewrites back gives. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { neverCancelled } from '../../src/base/cancellation';
import { StrataError } from '../../src/base/diagnostics';
import { compareNodes, firstApart } from '../../src/bisect/compareNodes';
import { nodeTable } from '../../src/bisect/nodeTable';
import { bisectNumerics, measureWhatIf } from '../../src/bisect/numerics';
import { bisectionMarkdown, bisectionText } from '../../src/bisect/reportText';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { testCache } from '../runner/sharedBuild';
import { defects } from './bank/defects';
import { planted } from './bank/plant';
import { modelOf } from './bank/runBank';

process.env['STRATA_CACHE_DIR'] ??= testCache;
const folder = mkdtempSync(path.join(tmpdir(), 'strata-nodes-test-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const environment = { cancellation: neverCancelled, resourceRoot: process.cwd() };
const model = modelOf({ model: 'tiny' }, folder);
const defect = (name: string) => defects.find((d) => d.name === name)!;

describe('comparison by model nodes', () => {
  for (const [expected, found] of [
    ['interpreter', 'O3'],
    ['O0', 'O3@baseline'],
    ['onnxruntime:off', 'interpreter'],
  ] as const)
    it(`finds nothing between ${expected} and ${found}`, async () => {
      const c = await compareNodes({ model, expected, found }, environment);
      assert.equal(firstApart(c), undefined, nodeTable(c));
      assert.ok(c.rows.length >= 5, nodeTable(c));
      assert.deepEqual(
        c.rows.map((r) => r.position),
        c.rows.map((r) => r.position).sort((a, b) => a - b),
      );
      assert.equal(c.rows.at(-1)!.node, '/classifier/Gemm');
    });

  it('finds the first node that differs, through other layouts and fused kernels', async () => {
    const steps = planted(defaultPipeline(), defect('nhwc-conv-pads-shifted'));
    const request = { model, expected: 'interpreter', found: 'O3' };
    const c = await compareNodes(request, { ...environment, parts: { steps } });
    const first = firstApart(c);
    // The convolution and what follows it are one kernel, which keeps the last.
    assert.equal(first?.node, '/block/relu/Clip', nodeTable(c));
    assert.ok(first.statistics.beyond > 0);
    assert.match(nodeTable(c), /The first that differs is node \d+, \/block\/relu\/Clip/);
    for (const r of c.rows.filter((x) => x.position < first.position)) assert.ok(r.statistics.worst <= 1);
  });

  it('refuses a side that it does not know', async () => {
    await assert.rejects(
      compareNodes({ model, expected: 'interpreter', found: 'O3@z80' }, environment),
      (e) => e instanceof StrataError && e.code === 'STR1106',
    );
  });
});

describe('what if', () => {
  const parts = { steps: planted(defaultPipeline(), defect('bn-fold-shift-negated')) };
  it('measures without a rule, without one rewrite, and refuses one that there is not', async () => {
    const request = { model, reproducer: false };
    const found = await bisectNumerics(request, environment, parts);
    const { rewrite, semantic } = found.culprits[0]!;
    const byRule = await measureWhatIf({ ...request, withoutRules: [rewrite!.rule] }, environment, parts);
    assert.deepEqual([byRule.without, byRule.metric! <= 1], ['rule bn-into-conv', true]);
    const byNumber = { ...request, withoutRewrites: [rewrite!.index] };
    const one = await measureWhatIf(byNumber, environment, parts);
    assert.ok(one.metric! > 1, 'the other applications are wrong too');
    // A search with the same held back finds the next application.
    const next = await bisectNumerics(byNumber, environment, parts);
    assert.equal(next.culprits[0]?.rewrite?.rule, 'bn-into-conv');
    assert.notDeepEqual(next.culprits[0].nodes, found.culprits[0]!.nodes);
    await assert.rejects(
      measureWhatIf({ ...request, withoutRewrites: [99_999] }, environment, parts),
      (e) => e instanceof StrataError && e.code === 'STR1112',
    );
    // What the rewrite did to each op, in every form of the report.
    assert.ok(semantic!.rows.some((r) => r.kind === 'fused' || r.kind === 'replaced' || r.kind === 'gone'));
    assert.ok(semantic!.rows.some((r) => r.evidence.length > 0));
    const asked = { ...found, asked: [byRule] };
    for (const text of [bisectionText(asked), bisectionMarkdown(asked)]) {
      assert.ok(text.includes(semantic!.summary), text);
      assert.match(text, /without rule bn-into-conv: good/);
    }
  });
});
