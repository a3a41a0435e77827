/** Planted slowdowns are searched on this machine, and clean pairs compared: the second part of `npm run bench:bisect`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { neverCancelled } from '../../src/base/cancellation';
import { formatTable } from '../../src/base/table';
import type { Bisection } from '../../src/bisect/bisection';
import { bisectPerf } from '../../src/bisect/perf/perf';
import { parseSide } from '../../src/bisect/perf/side';
import type { Backend } from '../../src/bisect/programRun';
import { shippedBackend } from '../../src/bisect/programRun';
import { singlePasses } from '../../src/bisect/replay';
import { buildReferenceModel } from '../../src/frontend/zoo/referenceModels';
import { defaultPipeline } from '../../src/lowering/pipeline';
import type { Slowdown } from '../bisect/bank/slowdowns';
import { slowdowns } from '../bisect/bank/slowdowns';

const environment = { cancellation: neverCancelled, resourceRoot: process.cwd() };
const cleanModels = ['resnet8', 'ds-cnn', 'mobilenet-v1-0.25', 'autoencoder', 'resnet8-int8'] as const;

/** The same code in other text, so that it is built and measured as another program. */
const commented = (n: number): Backend => ({
  ...shippedBackend,
  emit: (module, options) => {
    const made = shippedBackend.emit(module, options);
    const note = `/* clean ${n} */\n`;
    return {
      ...made,
      source: `${note}${made.source}`,
      units: made.units.map((u) => ({ ...u, source: `${note}${u.source}` })),
    };
  },
});

function modelFile(name: string, folder: string): string {
  const file = path.join(folder, `${name}.onnx`);
  const options = name === 'mobilenet-v2' ? { resolution: 64 } : {};
  writeFileSync(file, buildReferenceModel(name, options));
  return file;
}

interface Row {
  readonly name: string;
  readonly model: string;
  readonly planted: string;
  readonly found: string;
  readonly right: boolean;
  readonly ratio: string;
  readonly runs: number;
  readonly bound: number;
  readonly seconds: number;
}
const rangeOf = (b: Bisection): string => {
  const test = b.levels.find((l) => l.id === 'sides')?.search.tests.find((t) => t.point === 1);
  if (test?.metric === undefined) return '';
  return `${test.metric.toFixed(3)} (${(test.range ?? []).map((x) => x.toFixed(3)).join(' to ')})`;
};

/** One pair of programs that only differ in a comment. */
interface CleanRow {
  readonly number: number;
  readonly model: string;
  readonly ratio: string;
  readonly verdict: string;
  readonly accused: boolean;
  readonly seconds: number;
}

export interface SlowRequest {
  readonly chosen: (slowdown: Slowdown) => boolean;
  /** Clean pairs to compare. */
  readonly clean: number;
  /** Nothing is begun after so long; the table says what was left out. */
  readonly minutes: number;
  /** Called with the tables so far, after each row. */
  readonly onTables: (text: string) => void;
}

/** Searches the chosen slowdowns and compares so many clean pairs. True when all is found and nobody accused. */
export async function slowTable(folder: string, request: SlowRequest): Promise<boolean> {
  const rows: Row[] = [];
  const cleanRows: CleanRow[] = [];
  const begin = Date.now();
  const late = (): boolean => Date.now() - begin > request.minutes * 60_000;
  const planned = slowdowns.filter(request.chosen);
  const publish = (): string => {
    const text = tables(rows, cleanRows, planned.length, request.clean);
    request.onTables(text);
    return text;
  };
  // Clean pairs are spread over the run, so that they see the machine as the slowdowns do.
  const perSlowdown = planned.length === 0 ? request.clean : Math.ceil(request.clean / planned.length);
  const cleanUpTo = async (count: number): Promise<void> => {
    while (cleanRows.length < Math.min(count, request.clean) && !late()) {
      cleanRows.push(await comparePair(cleanRows.length, folder));
      publish();
    }
  };
  for (const [i, s] of planned.entries()) {
    if (late()) break;
    const row = await searchSlowdown(s, folder);
    rows.push(row);
    process.stderr.write(
      `${minutes(begin)} ${row.right ? 'found' : 'MISS '} ${s.name} ${row.ratio} ${row.found} ${row.seconds.toFixed(0)} s\n`,
    );
    publish();
    await cleanUpTo((i + 1) * perSlowdown);
  }
  await cleanUpTo(request.clean);
  process.stdout.write(`\n${publish()}\n`);
  return (
    cleanRows.every((r) => !r.accused) &&
    cleanRows.length === request.clean &&
    rows.length === planned.length &&
    rows.every((r) => r.right)
  );
}
const minutes = (begin: number): string => `${((Date.now() - begin) / 60_000).toFixed(1)} min`;

async function searchSlowdown(s: Slowdown, folder: string): Promise<Row> {
  const start = Date.now();
  const b = await bisectPerf(
    {
      model: modelFile(s.model, folder),
      good: parseSide('O3'),
      bad: parseSide('O3'),
      threads: s.threads ?? 1,
    },
    {
      ...environment,
      onUpdate: progressOf(s.name),
    },
    { bad: { steps: singlePasses(s.plant(defaultPipeline())) } },
  );
  const [culprit] = b.culprits;
  const dispatch = culprit?.perf?.changes[0]?.bad.map((i) => culprit.perf!.sides[1][i]!.name) ?? [];
  const right =
    culprit?.pass.startsWith(s.pass) === true &&
    culprit.alternatives.length === 0 &&
    (s.dispatch === undefined || dispatch.some((d) => d.includes(s.dispatch!))) &&
    (s.entry === undefined || culprit.perf?.schedule?.entries.includes(s.entry) === true);
  return {
    name: s.name,
    model: s.model,
    planted: [s.pass, s.dispatch, s.entry].filter((x) => x !== undefined).join(' '),
    found:
      culprit === undefined
        ? b.verdict
        : [
            culprit.pass,
            culprit.rewrite === undefined ? '' : `${culprit.rewrite.rule} ${culprit.rewrite.inPass}`,
            dispatch.join('+').replace(/main_/g, ''),
            culprit.perf?.schedule?.entries.join('+') ?? '',
          ]
            .filter((x) => x !== '')
            .join(', '),
    right,
    ratio: rangeOf(b),
    runs: b.runs.search,
    bound: b.runs.bound,
    seconds: (Date.now() - start) / 1000,
  };
}

async function comparePair(number: number, folder: string): Promise<CleanRow> {
  const start = Date.now();
  const model = cleanModels[number % cleanModels.length]!;
  const b = await bisectPerf(
    { model: modelFile(model, folder), good: parseSide('O3'), bad: parseSide('O3') },
    environment,
    { bad: { backend: commented(number) } },
  );
  const row: CleanRow = {
    number: number + 1,
    model,
    ratio: rangeOf(b),
    verdict: b.verdict,
    accused: b.culprits.length > 0,
    seconds: (Date.now() - start) / 1000,
  };
  process.stderr.write(`clean ${row.number}: ${row.ratio} ${row.verdict} ${row.seconds.toFixed(0)} s\n`);
  return row;
}

/** Says on the error stream what a search does, a line each time that changes. */
function progressOf(name: string): (b: Bisection) => void {
  let last = '';
  return ({ activity }) => {
    if (activity === last || activity === '') return;
    last = activity;
    process.stderr.write(`  ${name}: ${activity}\n`);
  };
}

function tables(
  rows: readonly Row[],
  clean: readonly CleanRow[],
  planned: number,
  plannedClean: number,
): string {
  const accused = clean.filter((r) => r.accused).length;
  const kinds = new Map<string, number>();
  for (const r of clean) {
    const kind = r.verdict.replace(/ \(.*|:.*/s, '');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const table = formatTable(rows, [
    { title: 'slowdown', cell: (r) => r.name },
    { title: 'model', cell: (r) => r.model },
    { title: 'bad / good', cell: (r) => r.ratio },
    { title: 'planted', cell: (r) => r.planted, maxWidth: 48 },
    { title: 'found', cell: (r) => r.found, maxWidth: 90 },
    { title: 'right', cell: (r) => (r.right ? 'yes' : 'NO') },
    { title: 'points', cell: (r) => String(r.runs), align: 'right' },
    { title: 'bound', cell: (r) => String(r.bound), align: 'right' },
    { title: 's', cell: (r) => r.seconds.toFixed(0), align: 'right' },
  ]);
  const cleanTable = formatTable(clean, [
    { title: 'clean pair', cell: (r) => String(r.number), align: 'right' },
    { title: 'model', cell: (r) => r.model },
    { title: 'bad / good', cell: (r) => r.ratio },
    { title: 'accused', cell: (r) => (r.accused ? 'YES' : 'no') },
    { title: 's', cell: (r) => r.seconds.toFixed(0), align: 'right' },
  ]);
  return [
    table,
    '',
    cleanTable,
    '',
    `${rows.filter((r) => r.right).length} of ${rows.length} slowdowns found (${planned} are in the bank or were chosen); ${accused} of ${clean.length} clean pairs accused (${plannedClean} were asked for)`,
    ...[...kinds].map(([kind, n]) => `${n} × ${kind}`),
  ].join('\n');
}
