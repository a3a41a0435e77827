/**
 * `npm run bench:bisect [-- NAME…]`: the bug bank. Bisects every planted defect, one planted in each of `--graphs N` random graphs
 * (`--seed S`), and MobileNetV2 at 224 × 224, and prints what was found, with the number of runs beside that of a binary search.
 * With names, only defects that have them. `--part bank|graphs|mobilenet|slow` runs one part; `--slow`, as `--part slow`, searches
 * planted slowdowns (`--only NAME`) and compares `--clean N` pairs of equal programs, and begins nothing after `--minutes N`.
 * `--write FILE` keeps each part's table in a section of the file, after each row of the slow part.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../src/base/table';
import { neverCancelled } from '../../src/base/cancellation';
import { bisectNumerics } from '../../src/bisect/numerics';
import { withSection } from '../../src/cli/documentSection';
import { backendDefects, hostDefects } from '../bisect/bank/backends';
import { defects } from '../bisect/bank/defects';
import { bisectDefect, modelOf } from '../bisect/bank/runBank';
import { graphTable } from './bisectGraphs';
import { mobilenetTable } from './bisectMobilenet';
import { slowTable } from './bisectSlow';

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

const parts = ['bank', 'graphs', 'mobilenet', 'slow'] as const;
type Part = (typeof parts)[number];

/** The exit code: 0 when the goals hold. */
async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      part: { type: 'string', multiple: true, default: [] },
      slow: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      clean: { type: 'string' },
      minutes: { type: 'string', default: '27' },
      graphs: { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
      write: { type: 'string' },
    },
  });
  const filters = [...positionals, ...values.only];
  const chosen = (d: { readonly model: string; readonly name: string }): boolean =>
    filters.length === 0 || filters.some((f) => `${d.model} ${d.name}`.includes(f));
  const asked = values.slow ? ['slow'] : values.part;
  const wrong = asked.find((p) => !parts.includes(p as Part));
  if (wrong !== undefined) throw new Error(`--part ${wrong}: ${parts.join(', ')} are known`);
  const run: readonly Part[] =
    asked.length > 0
      ? parts.filter((p) => asked.includes(p))
      : filters.length > 0
        ? ['bank']
        : ['bank', 'graphs', 'mobilenet'];
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-bank-'));
  const keep = (part: Part) => (text: string) => {
    const file = values.write;
    if (file === undefined) return;
    const command = `npm run bench:bisect -- --part ${part} --write ${file}`;
    const body = `\`\`\`text\n${text.trim()}\n\`\`\``;
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    writeFileSync(file, withSection(before, { name: part, command, body }));
  };
  let holds = true;
  try {
    for (const part of run) {
      const print = (text: string): void => {
        keep(part)(text);
        process.stdout.write(`${text}\n\n`);
      };
      switch (part) {
        case 'bank':
          holds = (await bankTable(folder, chosen, print)) && holds;
          break;
        case 'graphs':
          holds = (await graphTable(folder, Number(values.seed), Number(values.graphs), print)) && holds;
          break;
        case 'mobilenet':
          holds = (await mobilenetTable(folder, filters, print)) && holds;
          break;
        case 'slow':
          holds =
            (await slowTable(folder, {
              chosen,
              clean: Number(values.clean ?? (filters.length > 0 ? 0 : 20)),
              minutes: Number(values.minutes),
              onTables: keep('slow'),
            })) && holds;
      }
    }
    return holds ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bankTable(
  folder: string,
  chosen: (d: { readonly model: string; readonly name: string }) => boolean,
  print: (text: string) => void,
): Promise<boolean> {
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
  print(`${table(rows)}\n\n${summary(rows)}`);
  return goalsHold(rows);
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

process.exit(await bench(process.argv.slice(2)));
