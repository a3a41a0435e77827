import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { neverCancelled } from '../../../src/base/cancellation';
import { innermostAt } from '../../../src/dump/layout/graphModel';
import { DumpSession } from '../../../src/dump/session/dumpSession';
import type { OpPlace } from '../../../src/dump/session/opSession';
import { OpSession } from '../../../src/dump/session/opSession';
import {
  alignedStarts,
  offsetOnPage,
  pageOf,
  pageStarts,
  placeOnPage,
} from '../../../src/dump/session/pages';

async function withDump(
  file: string,
  body: (session: DumpSession, ops: OpSession) => Promise<void>,
): Promise<void> {
  const session = await DumpSession.open(file);
  try {
    await body(session, new OpSession(() => session));
  } finally {
    await session.close();
  }
}
const logs = 'test/dump/logs';

/** Runs by their pass, in the order of the dump. */
const runsOf = (
  session: DumpSession,
): { pass: string; run: number; hasBefore: boolean; hasAfter: boolean }[] =>
  session.info.pipelines.flatMap((p) =>
    p.passes.flatMap(({ pass, argument, runs }) => runs.map((r) => ({ pass: argument ?? pass, ...r }))),
  );

test('ops of a run are compared in the texts that its diff shows', () =>
  withDump(path.join(logs, 'mlir-2024.log'), async (session, ops) => {
    let changed = 0;
    for (const { run, hasBefore, hasAfter } of runsOf(session)) {
      if (!hasBefore || !hasAfter) continue;
      const side = (s: 'before' | 'like'): OpPlace => ({ kind: 'run', dump: 1, run, side: s });
      const found = await ops.comparison(side('before'), side('like'), true, neverCancelled);
      const kind = (await session.change(run)).kind;
      if (kind === 'unchanged') assert.deepEqual(found.rows, []);
      changed += found.rows.length;
      const after = await session.whole(run, 'like');
      for (const row of found.rows)
        for (const op of row.after) {
          const name = op.label.replace(/^.*= /, '').split(' ')[0]!;
          const written = after.text.slice(op.start, after.text.indexOf('\n', op.start));
          assert.ok(written.includes(name.replace(/^(?:func|builtin)\./, '')), `${op.label} at '${written}'`);
        }
      const [, drawn] = found.drawings!;
      for (const [i, op] of drawn.model.ops.entries()) assert.equal(innermostAt(drawn.model, op.start), i);
    }
    assert.ok(changed > 0);
  }));

test('the life of an op of a dump leads to the text of each pass', () =>
  withDump(path.join(logs, 'mlir-2024.log'), async (session, ops) => {
    const last = runsOf(session).findLast((r) => r.hasBefore && r.hasAfter)!;
    const { text } = await session.whole(last.run, 'after');
    const place: OpPlace = { kind: 'run', dump: 1, run: last.run, side: 'after' };
    const views = [];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      const view = await ops.life(place, { page: 0, offset: at - 1 }, neverCancelled);
      if (view !== undefined) views.push(view);
    }
    const events = views.flatMap((v) => v.life.events.map((event, i) => ({ event, place: v.places[i] })));
    assert.ok(events.length > 0);
    for (const { event, place: seen } of events) {
      assert.ok(seen !== undefined, event.pass);
      const shown = await session.text(seen.run, seen.side, seen.page);
      const op = event.after[0] ?? event.before[0]!;
      const name = op.label
        .replace(/^.*= /, '')
        .split(' ')[0]!
        .replace(/^(?:func|builtin)\./, '');
      const line = shown.text.slice(seen.offset, shown.text.indexOf('\n', seen.offset));
      assert.ok(line.includes(name), `${op.label} at '${line}'`);
    }
    const at = text.indexOf('return');
    const blame = await ops.blame(place, { page: 0, offset: at }, 10_000, neverCancelled);
    assert.ok(blame === undefined || /in `[\w-]+` \(\d+\)/.test(blame));
  }));

test('a plain text has a graph and no passes; a dump of another language says so', async () => {
  const ops = new OpSession(() => {
    throw new Error('no dump');
  });
  const text = 'func.func @f(%a: i32) {\n  %0 = a.b %a : i32\n  return\n}\n';
  const place: OpPlace = { kind: 'text', title: 'a.mlir', text };
  assert.equal((await ops.drawing(place)).model.ops.length, 3);
  const view = await ops.life(place, { page: 0, offset: text.indexOf('a.b') }, neverCancelled);
  assert.deepEqual(view?.life.events, []);
  await withDump(path.join(logs, 'halide.log'), async (session, other) => {
    await assert.rejects(other.drawing({ kind: 'run', dump: 1, run: 0, side: 'after' }), /STR0157/);
    await assert.rejects(session.reproduction(0), /STR0157/);
  });
});

test('a constant that is elided is found again, whole and in pages', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-constants-'));
  try {
    const file = path.join(folder, 'a.log');
    const bytes = Buffer.from(Uint8Array.from({ length: 1_200_000 }, (_, i) => (i * 7) & 0xff));
    const other = Buffer.from(bytes).reverse();
    const module = (data: Buffer): string =>
      `module {\n  %0 = a.c "0x${data.toString('hex').toUpperCase()}"\n}\n`;
    writeFileSync(
      file,
      `// -----// IR Dump After A (a) //----- //\n${module(bytes)}// -----// IR Dump After B (b) //----- //\n${module(other)}`,
    );
    await withDump(file, async (session) => {
      for (const [run, data] of [bytes, other].entries()) {
        const { text } = await session.text(run, 'after');
        const hash = /…1200000 bytes, ([0-9a-f]{8})"/.exec(text)![1]!;
        let hex = '';
        for (let page = 0, pages = 1; page < pages; page++) {
          const found = (await session.constant(run, hash, page))!;
          pages = found.pages;
          assert.ok(pages > 1);
          hex += found.text.replace(/^[0-9a-f]{8} /gm, '').replace(/\s/g, '');
        }
        assert.ok(Buffer.from(hex, 'hex').equals(data));
      }
      assert.equal(await session.constant(0, '00000000', 0), undefined);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('pages of a diff begin at the same function, whatever a pass added before it', () => {
  const body = (f: number, n: number): string => `func.func @f${f}() {\n${'  a.b\n'.repeat(n)}}\n`;
  const before = Array.from({ length: 30 }, (_, f) => body(f, 20)).join('');
  // Longer, shorter, gone and new functions.
  const after = Array.from({ length: 32 }, (_, f) => (f === 12 ? '' : body(f, f % 3 === 0 ? 45 : 12))).join(
    '',
  );
  const starts = pageStarts(before, 600);
  const aligned = alignedStarts(before, starts, after);
  assert.equal(aligned.length, starts.length);
  const symbol = (text: string, at: number): string => /^func\.func (@f\d+)/.exec(text.slice(at))?.[1] ?? '';
  starts.forEach((start, i) => {
    const name = symbol(before, start);
    if (name !== '@f12') assert.equal(symbol(after, aligned[i]!), name);
    else assert.equal(symbol(after, aligned[i]!), '@f13');
  });
  assert.equal(starts.map((_, i) => after.slice(aligned[i], aligned[i + 1])).join(''), after);
});

test('a place on a page is the same place of the text', () => {
  const text = Array.from({ length: 40 }, (_, f) => `func.func @f${f}() {\n${'  a.b\n'.repeat(f)}}\n`).join(
    '',
  );
  const starts = pageStarts(text, 300);
  for (let offset = 0; offset < text.length; offset += 17) {
    const place = placeOnPage(starts, offset);
    assert.equal(offsetOnPage(starts, place), offset);
    assert.ok(pageOf(text, place.page, starts).text.startsWith(text[offset]!, place.offset));
  }
});
