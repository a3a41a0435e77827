/**
 * `npm run bench:bisect [-- FILTER] [--slow]`: bisects every planted defect of the bug bank and prints what was found, with the
 * number of runs beside that of a binary search. `--slow` adds slowdowns and clean pairs, which need a quiet machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatTable } from '../../src/base/table';
import { neverCancelled } from '../../src/base/cancellation';
import { bisectNumerics } from '../../src/bisect/numerics';
import { bisectPerf } from '../../src/bisect/perf/perf';
import { defaultPipeline } from '../../src/lowering/pipeline';
import { backendDefects, hostDefects } from '../bisect/bank/backends';
import { defects } from '../bisect/bank/defects';
import { planted } from '../bisect/bank/plant';
import { bisectDefect, modelOf } from '../bisect/bank/runBank';
import { slowdowns } from '../bisect/bank/slowdowns';

interface Row {
  readonly name: string;
  readonly model: string;
  readonly planted: string;
  readonly found: string;
  readonly rule: boolean;
  readonly exact: boolean;
  readonly runs: number;
  readonly bound: number;
  readonly seconds: number;
}

const yes = (b: boolean): string => (b ? 'yes' : 'NO');
const environment = { cancellation: neverCancelled, resourceRoot: process.cwd() };

/** The exit code: 0 when the goals hold. */
async function bench(args: readonly string[]): Promise<number> {
  const filters = args.filter((a) => !a.startsWith('--'));
  const chosen = (d: { readonly model: string; readonly name: string }): boolean =>
    filters.length === 0 || filters.some((f) => `${d.model} ${d.name}`.includes(f));
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-bank-'));
  try {
    const rows: Row[] = [];
    for (const d of defects.filter(chosen)) {
      const row = await bisectDefect(d, folder);
      const { expected } = row;
      rows.push({
        ...row,
        planted:
          expected === undefined ? '(no effect)' : `${expected.pass}/${expected.rule} ${expected.inPass}`,
      });
      process.stderr.write(`${row.exact ? 'exact' : row.rule ? 'rule ' : 'MISS '} ${d.model} ${d.name}\n`);
    }
    for (const d of [...backendDefects, ...hostDefects].filter(chosen)) {
      const start = Date.now();
      const b = await bisectNumerics({ model: modelOf(d, folder), threads: 2 }, environment, {
        backend: d.backend,
      });
      const [culprit] = b.culprits;
      const found = culprit?.dispatch?.name;
      const right =
        culprit?.stage === 'code' &&
        (d.dispatch === undefined ? found === undefined : found?.includes(d.dispatch) === true);
      rows.push({
        name: d.name,
        model: d.model,
        planted: `code/${d.dispatch ?? 'host program'}`,
        found: culprit === undefined ? b.verdict : `code/${found ?? 'host program'}`,
        rule: right,
        exact: right,
        runs: b.runs.search,
        bound: b.runs.bound,
        seconds: (Date.now() - start) / 1000,
      });
      process.stderr.write(`${right ? 'exact' : 'MISS '} ${d.model} ${d.name}\n`);
    }
    process.stdout.write(`${table(rows)}\n\n${summary(rows)}\n`);
    const slow = args.includes('--slow') ? await slowTable(folder) : true;
    return goalsHold(rows) && slow ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const table = (rows: readonly Row[]): string =>
  formatTable(rows, [
    { title: 'defect', cell: (r) => r.name },
    { title: 'model', cell: (r) => r.model },
    { title: 'planted', cell: (r) => r.planted, maxWidth: 48 },
    { title: 'found', cell: (r) => r.found, maxWidth: 48 },
    { title: 'rule', cell: (r) => yes(r.rule) },
    { title: 'exact', cell: (r) => yes(r.exact) },
    { title: 'runs', cell: (r) => String(r.runs), align: 'right' },
    { title: 'bound', cell: (r) => String(r.bound), align: 'right' },
    { title: 's', cell: (r) => r.seconds.toFixed(1), align: 'right' },
  ]);

const share = (rows: readonly Row[], what: (r: Row) => boolean): number =>
  rows.filter(what).length / Math.max(1, rows.length);
const runsRatio = (rows: readonly Row[]): number =>
  rows.reduce((n, r) => n + r.runs, 0) /
  Math.max(
    1,
    rows.reduce((n, r) => n + r.bound, 0),
  );

function summary(rows: readonly Row[]): string {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  return [
    `${rows.length} defects: rule or kernel found for ${percent(share(rows, (r) => r.rule))}, exact application for ${percent(share(rows, (r) => r.exact))}`,
    `runs / bound of a binary search: ${runsRatio(rows).toFixed(2)} overall`,
  ].join('\n');
}
const goalsHold = (rows: readonly Row[]): boolean =>
  share(rows, (r) => r.rule) === 1 && share(rows, (r) => r.exact) >= 0.95 && runsRatio(rows) <= 1.2;

/** Planted slowdowns must be found in their pass, and clean pairs accuse nobody. */
async function slowTable(folder: string): Promise<boolean> {
  const clean = 20;
  let accused = 0;
  const model = modelOf({ model: 'mobilenet' }, folder);
  for (let i = 0; i < clean; i++) {
    const again = defaultPipeline().map((s) =>
      s.node.kind === 'pass' && s.node.pass.pass.name === 'choose-schedules'
        ? { ...s, node: { ...s.node, pass: { ...s.node.pass, pass: { ...s.node.pass.pass } } } }
        : s,
    );
    const b = await bisectPerf({ model, good: defaultPipeline(), bad: again, threads: 1 }, environment);
    if (b.culprits.length > 0) accused++;
    process.stderr.write(`clean ${i + 1}: ${b.verdict}\n`);
  }
  const rows = [];
  for (const s of slowdowns) {
    const good = defaultPipeline();
    const b = await bisectPerf(
      { model: modelOf(s, folder), good, bad: planted(good, s), threads: 1 },
      environment,
    );
    rows.push({
      name: s.name,
      pass: s.pass,
      found: b.culprits[0]?.pass ?? b.verdict,
      note: b.notes[0] ?? '',
    });
  }
  process.stdout.write(
    `\n${formatTable(rows, [
      { title: 'slowdown', cell: (r) => r.name },
      { title: 'planted in', cell: (r) => r.pass },
      { title: 'found', cell: (r) => r.found, maxWidth: 50 },
      { title: '', cell: (r) => r.note, maxWidth: 90 },
    ])}\n\n${accused} of ${clean} clean pairs accused\n`,
  );
  return accused === 0 && rows.every((r) => r.found.startsWith(r.pass));
}

process.exit(await bench(process.argv.slice(2)));
