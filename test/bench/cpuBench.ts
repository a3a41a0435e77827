/**
 * `npm run bench:cpu [-- --filter RE] [--threads 1,2] [--budget MS] [--folder DIR] [--prepare] [--json]`: generated code beside
 * ONNX Runtime on the same model files, and beside what the machine reaches; then what compiling takes, and memory. Only
 * ratios within one run mean something. With --folder, models and artifacts are kept there and taken from there; --prepare
 * only makes them.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../src/base/table';
import { formatBytes, formatDuration, formatRate, ns, threeDigits } from '../../src/base/units';
import type { Peak } from '../../src/runner/measurePeak';
import { measurePeak } from '../../src/runner/measurePeak';
import type { CompileTime } from './cpu/compileTime';
import { compileTimeName, measureCompileTime, prepareCompileTime } from './cpu/compileTime';
import { runTask } from './cpu/freshProcess';
import { integerWork } from './cpu/integerWork';
import type { MeasuredTime, ShareOfPeak } from './cpu/measureWork';
import { measureWork, prepare, shareOfPeak } from './cpu/measureWork';
import { operatorWork } from './cpu/operatorWork';
import type { PeakMemory } from './cpu/peakMemory';
import { measurePeakMemory } from './cpu/peakMemory';
import type { Work } from './cpu/work';
import { floatWork } from './cpu/work';

if (await runTask()) process.exit();

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

type Measured = MeasuredTime & ShareOfPeak;

const allWork: readonly Work[] = [...floatWork, ...integerWork, ...operatorWork];
/** Models whose memory is compared. */
const remembered = ['MobileNetV2', 'ResNet-50', 'MobileNetV2 int8'];
const memoryName = (w: Work): string => `peak memory ${w.name}`;

const filter = new RegExp(values.filter, 'i');
const chosen = allWork.filter((w) => filter.test(w.name));
const chosenMemory = allWork.filter((w) => remembered.includes(w.name) && filter.test(memoryName(w)));
const compiles = filter.test(compileTimeName);
const threads = values.threads.split(',').map(Number);
if (
  (chosen.length === 0 && chosenMemory.length === 0 && !compiles) ||
  !threads.every((n) => Number.isInteger(n) && n >= 1)
) {
  const names = [
    ...allWork.map((w) => w.name),
    compileTimeName,
    ...remembered.map((n) => `peak memory ${n}`),
  ];
  process.stderr.write(`nothing to measure; rows are: ${names.join(', ')}\n`);
  process.exit(2);
}

const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;
const scalingGoal = 1.85;
const mark = (met: boolean): string => (met ? '✓' : '✗');
function verdict(m: Measured): string {
  const { goal } = m.work;
  const scaled = m.scaling === undefined || m.scaling >= scalingGoal;
  const met =
    goal.kind === 'ratio'
      ? m.theirNs !== undefined && m.ourNs / m.theirNs <= goal.atMost
      : m.ofPeak !== undefined && m.ofPeak >= goal.atLeast;
  return [mark(met), ...(scaled ? [] : [`scaling < ${scalingGoal}`])].join(' ');
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

const betterOf = (a: Peak, b: Peak): Peak => ({
  ...a,
  figures: a.figures.map((f) => ({
    ...f,
    perSecond: Math.max(
      f.perSecond,
      ...b.figures.flatMap((g) => (g.kind === f.kind && g.threads === f.threads ? [g.perSecond] : [])),
    ),
  })),
});

const milliseconds = (ms: number | undefined): string =>
  ms === undefined ? '' : formatDuration(ns(ms * 1e6));
const compileTable = (rows: readonly CompileTime[]): string =>
  formatTable(rows, [
    { title: 'work', cell: (r) => `${compileTimeName}, ${r.change}` },
    { title: 'command', cell: (r) => milliseconds(r.freshMs), align: 'right' },
    { title: 'of that, start', cell: (r) => milliseconds(r.startMs), align: 'right' },
    { title: 'warm process', cell: (r) => milliseconds(r.warmMs), align: 'right' },
    { title: 'goal', cell: (r) => `≤ ${milliseconds(r.goalMs)}` },
    {
      title: '',
      cell: (r) =>
        [r.freshMs, ...(r.warmMs === undefined ? [] : [r.warmMs])]
          .map((ms) => mark(ms <= r.goalMs))
          .join(' '),
    },
  ]);

const bytes = (b: number | undefined): string => (b === undefined ? '' : formatBytes(b));
const memoryRatio = ({ ourBytes, theirBytes }: PeakMemory): number | undefined =>
  ourBytes === undefined || theirBytes === undefined ? undefined : ourBytes / theirBytes;
const memoryTable = (rows: readonly PeakMemory[]): string =>
  formatTable(rows, [
    { title: 'work', cell: (m) => memoryName(m.work) },
    { title: 'threads', cell: (m) => String(m.threads), align: 'right' },
    { title: 'runner', cell: (m) => bytes(m.ourBytes), align: 'right' },
    { title: 'ONNX Runtime in Node', cell: (m) => bytes(m.theirBytes), align: 'right' },
    { title: 'ratio', cell: (m) => threeDigits(memoryRatio(m) ?? NaN), align: 'right' },
    { title: 'goal', cell: () => 'ratio ≤ 1' },
    { title: '', cell: (m) => mark((memoryRatio(m) ?? NaN) <= 1) },
  ]);

async function prepareAll(): Promise<void> {
  for (const work of new Set([...chosen, ...chosenMemory])) await prepare(work, folder);
  if (compiles) prepareCompileTime(folder);
}

async function measureAll(): Promise<void> {
  let peak = await measurePeak({ resourceRoot: process.cwd() });
  const rows: Measured[] = [];
  for (const work of chosen) {
    const budgetMs = Number(values.budget);
    const measured = await measureWork(work, { folder, threads, budgetMs });
    if (work.demand === undefined) {
      rows.push(...measured.map((m): Measured => ({ ...m, ofPeak: undefined, bound: undefined })));
      continue;
    }
    // A machine that others use too changes within minutes: the better of before and after is the peak of this row.
    const before = peak;
    peak = await measurePeak({ resourceRoot: process.cwd() });
    rows.push(
      ...measured.map((m) => ({ ...m, ...shareOfPeak(work, m.threads, m.ourNs, betterOf(before, peak)) })),
    );
  }
  const compilations = compiles ? await measureCompileTime(folder) : [];
  const memory: PeakMemory[] = [];
  for (const work of chosenMemory)
    for (const n of threads) memory.push(await measurePeakMemory(work, n, folder));
  if (values.json) {
    const plain = rows.map(({ work, ...rest }) => ({ name: work.name, goal: work.goal, ...rest }));
    const plainMemory = memory.map(({ work, ...rest }) => ({ name: work.name, ...rest }));
    const all = { cpu: peak.cpu, peak: peak.figures, rows: plain, compilations, memory: plainMemory };
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const figures = peak.figures.map(
    (f) => `${f.kind} on ${f.threads}: ${formatRate(f.perSecond, f.kind === 'read' ? 'B/s' : 'OP/s')}`,
  );
  const tables = [
    ...(rows.length === 0 ? [] : [tableOf(rows)]),
    ...(compilations.length === 0 ? [] : [compileTable(compilations)]),
    ...(memory.length === 0 ? [] : [memoryTable(memory)]),
  ];
  process.stdout.write(
    `${cpus()[0]?.model ?? ''}; at most ${figures.join(', ')}\n\n${tables.join('\n\n')}\n`,
  );
}

const kept = values.folder;
if (kept !== undefined) mkdirSync(kept, { recursive: true });
const folder = kept ?? mkdtempSync(path.join(tmpdir(), 'strata-bench-'));
try {
  await (values.prepare ? prepareAll() : measureAll());
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}
