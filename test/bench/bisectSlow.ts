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

/** Searches the chosen slowdowns and compares so many clean pairs. True when all is found and nobody accused. */
export async function slowTable(
  folder: string,
  chosen: (slowdown: Slowdown) => boolean,
  clean: number,
): Promise<boolean> {
  const rows: Row[] = [];
  for (const s of slowdowns.filter(chosen)) {
    const start = Date.now();
    const b = await bisectPerf(
      {
        model: modelFile(s.model, folder),
        good: parseSide('O3'),
        bad: parseSide('O3'),
        threads: s.threads ?? 1,
      },
      environment,
      { bad: { steps: singlePasses(s.plant(defaultPipeline())) } },
    );
    const [culprit] = b.culprits;
    const dispatch = culprit?.perf?.changes[0]?.bad.map((i) => culprit.perf!.sides[1][i]!.name) ?? [];
    const right =
      culprit?.pass.startsWith(s.pass) === true &&
      culprit.alternatives.length === 0 &&
      (s.dispatch === undefined || dispatch.some((d) => d.includes(s.dispatch!))) &&
      (s.entry === undefined || culprit.perf?.schedule?.entries.includes(s.entry) === true);
    const row: Row = {
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
    rows.push(row);
    process.stderr.write(
      `${right ? 'found' : 'MISS '} ${s.name} ${row.ratio} ${row.found} ${row.seconds.toFixed(0)} s\n`,
    );
  }
  let accused = 0;
  const verdicts = new Map<string, number>();
  for (let i = 0; i < clean; i++) {
    const b = await bisectPerf(
      {
        model: modelFile(cleanModels[i % cleanModels.length]!, folder),
        good: parseSide('O3'),
        bad: parseSide('O3'),
      },
      environment,
      { bad: { backend: commented(i) } },
    );
    if (b.culprits.length > 0) accused++;
    const kind = b.verdict.replace(/ \(.*|:.*/s, '');
    verdicts.set(kind, (verdicts.get(kind) ?? 0) + 1);
    process.stderr.write(`clean ${i + 1}: ${rangeOf(b)} ${b.verdict}\n`);
  }
  process.stdout.write(
    `\n${formatTable(rows, [
      { title: 'slowdown', cell: (r) => r.name },
      { title: 'model', cell: (r) => r.model },
      { title: 'bad / good', cell: (r) => r.ratio },
      { title: 'planted', cell: (r) => r.planted, maxWidth: 48 },
      { title: 'found', cell: (r) => r.found, maxWidth: 90 },
      { title: 'right', cell: (r) => (r.right ? 'yes' : 'NO') },
      { title: 'points', cell: (r) => String(r.runs), align: 'right' },
      { title: 'bound', cell: (r) => String(r.bound), align: 'right' },
      { title: 's', cell: (r) => r.seconds.toFixed(0), align: 'right' },
    ])}\n\n${rows.filter((r) => r.right).length} of ${rows.length} slowdowns found; ${accused} of ${clean} clean pairs accused\n${[
      ...verdicts,
    ]
      .map(([verdict, n]) => `${n} × ${verdict}`)
      .join('\n')}\n`,
  );
  return accused === 0 && rows.every((r) => r.right);
}
