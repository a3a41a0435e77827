/**
 * `npm run bench:cpu [-- --filter RE] [--threads 1,2] [--budget MS] [--folder DIR] [--prepare] [--json]`: generated code beside
 * ONNX Runtime on the same model files, and beside what the machine reaches. Only ratios within one run mean something.
 * With --folder, models and artifacts are kept there and taken from there; --prepare only makes them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../src/base/table';
import { formatDuration, formatRate, ns, threeDigits } from '../../src/base/units';
import { measurePeak } from '../../src/runner/measurePeak';
import type { Measured } from './cpu/measureWork';
import { measureWork, prepare } from './cpu/measureWork';
import type { Work } from './cpu/work';
import { contractionWork } from './cpu/work';

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '.' },
    threads: { type: 'string', default: '1,2' },
    budget: { type: 'string', default: '1000' },
    folder: { type: 'string' },
    prepare: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const allWork: readonly Work[] = [...contractionWork];

const filter = new RegExp(values.filter, 'i');
const chosen = allWork.filter((w) => filter.test(w.name));
const threads = values.threads.split(',').map(Number);
if (chosen.length === 0 || !threads.every((n) => Number.isInteger(n) && n >= 1)) {
  process.stderr.write(`nothing to measure; rows are: ${allWork.map((w) => w.name).join(', ')}\n`);
  process.exit(2);
}

const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;
const scalingGoal = 1.85;
function verdict(m: Measured): string {
  const { goal } = m.work;
  const scaled = m.scaling === undefined || m.scaling >= scalingGoal;
  const met =
    goal.kind === 'ratio'
      ? m.theirNs !== undefined && m.ourNs / m.theirNs <= goal.atMost
      : m.ofPeak !== undefined && m.ofPeak >= goal.atLeast;
  return [met ? '✓' : '✗', ...(scaled ? [] : [`scaling < ${scalingGoal}`])].join(' ');
}
const tableOf = (rows: readonly Measured[]): string =>
  formatTable(rows, [
    { title: 'work', cell: (m) => m.work.name },
    { title: 'threads', cell: (m) => String(m.threads), align: 'right' },
    { title: 'strata', cell: (m) => formatDuration(ns(m.ourNs)), align: 'right' },
    {
      title: 'ONNX Runtime',
      cell: (m) => (m.theirNs === undefined ? '' : formatDuration(ns(m.theirNs))),
      align: 'right',
    },
    {
      title: 'ratio',
      cell: (m) => (m.theirNs === undefined ? '' : threeDigits(m.ourNs / m.theirNs)),
      align: 'right',
    },
    {
      title: 'of peak',
      cell: (m) => (m.ofPeak === undefined ? '' : `${percent(m.ofPeak)} of ${m.bound}`),
      align: 'right',
    },
    {
      title: 'scaling',
      cell: (m) => (m.scaling === undefined ? '' : `${threeDigits(m.scaling)} ×`),
      align: 'right',
    },
    {
      title: 'goal',
      cell: ({ work: { goal } }) =>
        goal.kind === 'ratio' ? `ratio ≤ ${goal.atMost}` : `≥ ${percent(goal.atLeast)} of peak`,
    },
    { title: '', cell: verdict },
  ]);

const kept = values.folder;
const folder = kept ?? mkdtempSync(path.join(tmpdir(), 'strata-bench-'));
try {
  if (values.prepare) for (const work of chosen) await prepare(work, folder);
  else {
    const peak = await measurePeak({ resourceRoot: process.cwd() });
    const rows: Measured[] = [];
    for (const work of chosen)
      rows.push(...(await measureWork(work, { folder, threads, peak, budgetMs: Number(values.budget) })));
    if (values.json) {
      const plain = rows.map(({ work, ...rest }) => ({ name: work.name, goal: work.goal, ...rest }));
      process.stdout.write(
        `${JSON.stringify({ cpu: peak.cpu, peak: peak.figures, rows: plain }, null, 2)}\n`,
      );
    } else {
      const figures = peak.figures.map(
        (f) => `${f.kind} on ${f.threads}: ${formatRate(f.perSecond, f.kind === 'read' ? 'B/s' : 'OP/s')}`,
      );
      process.stdout.write(`${cpus()[0]?.model ?? ''}; at most ${figures.join(', ')}\n\n${tableOf(rows)}\n`);
    }
  }
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}
