/** `strata bench --all`: every published reference model beside ONNX Runtime in one table, each workload apart. */
import { CancelledError } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import type { Column } from '../base/table';
import { formatTable } from '../base/table';
import { formatDuration, ns, threeDigits } from '../base/units';
import { median } from '../compiler/artifactSession';
import type { Side } from '../compiler/latency';
import { timeInTurns } from '../compiler/latency';
import { OrtReference } from '../compiler/onnxRuntime';
import type { ReferenceModel, Workload } from '../frontend/zoo/referenceModel';
import { referenceModels } from '../frontend/zoo/referenceModels';
import type { ArtifactOptions } from './compileOptions';
import { markdownTable, writeSection } from './documentSection';
import { cliMessages } from './messages';
import type { CommandContext, CommandResult } from './output';
import { cachedModel, withWorkload } from './referenceRuns';

export interface BenchAllPlan {
  readonly threads: number;
  /** Counted runs; slow models run less often, so that none takes more than about `secondsPerSide`. */
  readonly repeat: number;
  readonly warmup: number;
  readonly reference: boolean;
  /** A regular expression on names. */
  readonly filter: string | undefined;
  /** A Markdown document to write the table into. */
  readonly write: string | undefined;
}

interface Row {
  readonly model: string;
  readonly workload: string;
  readonly runs: number;
  readonly oursNs: number | undefined;
  readonly theirsNs: number | undefined;
  readonly ratio: number | undefined;
  readonly problem: string | undefined;
}

const secondsPerSide = 5;
/** Fewer tell nothing about a median. */
const fewestRuns = 5;

/** Throws STR0002 for a filter that is no expression or finds no model. */
export async function benchAll(
  plan: BenchAllPlan,
  options: ArtifactOptions,
  context: CommandContext,
): Promise<CommandResult> {
  const rows: Row[] = [];
  for (const model of chosen(plan.filter)) {
    const { file } = await cachedModel(model, context, true);
    for (const workload of model.workloads) {
      context.cancellation.throwIfCancelled();
      rows.push(await benchWorkload(model, workload, file, plan, options, context));
    }
  }
  const { result, body } = tableOf(rows, plan);
  if (plan.write !== undefined)
    await writeSection(plan.write, {
      name: 'latency of the reference models',
      command: commandOf(plan),
      body,
    });
  return result;
}

const commandOf = ({ threads, repeat, filter, write }: BenchAllPlan): string =>
  [
    `strata bench --all --threads ${threads} --repeat ${repeat}`,
    ...(filter === undefined ? [] : [`--filter '${filter}'`]),
    `--write ${write}`,
  ].join(' ');

function chosen(filter: string | undefined): readonly ReferenceModel[] {
  const published = referenceModels.filter((m) => m.forTests !== true);
  if (filter === undefined) return published;
  const refuse = (expected: string): Error =>
    cliMessages.error('STR0002', { option: '--filter', found: filter, expected });
  let pattern: RegExp;
  try {
    pattern = new RegExp(filter);
  } catch {
    throw refuse('a regular expression');
  }
  const models = published.filter((m) => pattern.test(m.name));
  if (models.length === 0) throw refuse('an expression that finds a name of "strata models list"');
  return models;
}

async function benchWorkload(
  model: ReferenceModel,
  workload: Workload,
  file: string,
  plan: BenchAllPlan,
  options: ArtifactOptions,
  context: CommandContext,
): Promise<Row> {
  const row = { model: model.name, workload: workload.name };
  const { threads, warmup } = plan;
  let reference: OrtReference | undefined;
  try {
    return await withWorkload(model, workload, file, options, context, async ({ session, inputs }) => {
      if (plan.reference) reference = await OrtReference.load(file, threads, 'latency');
      const theirs = reference;
      const bench = async (runs: number): Promise<readonly number[]> =>
        (await session.bench(inputs, { threads, warmup: 0, repeat: runs })).iterationNs;
      const sides: Side[] = [{ time: bench }];
      if (theirs !== undefined) sides.push({ time: (runs) => theirs.time(inputs, runs) });
      context.progress(`measuring ${model.name} ${workload.name}`);
      // The first run finds nothing in the caches, the second tells how many there is time for.
      const [, once = 0] = await bench(2);
      const runs = Math.max(
        fewestRuns,
        Math.min(plan.repeat, Math.floor((secondsPerSide * 1e9) / Math.max(1, once))),
      );
      const [ours = [], others = []] = await timeInTurns(sides, {
        repeat: runs,
        warmup: Math.min(warmup, runs),
        cancellation: context.cancellation,
      });
      const oursNs = median(ours);
      const theirsNs = theirs === undefined ? undefined : median(others);
      const ratio = theirsNs === undefined ? undefined : oursNs / theirsNs;
      return { ...row, runs, oursNs, theirsNs, ratio, problem: undefined };
    });
  } catch (error) {
    if (error instanceof CancelledError || context.cancellation.signal.aborted) throw error;
    if (!(error instanceof StrataError)) throw error;
    const nothing = { oursNs: undefined, theirsNs: undefined, ratio: undefined };
    return { ...row, runs: 0, ...nothing, problem: error.message };
  } finally {
    await reference?.release();
  }
}

const geometricMean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

const duration = (t: number | undefined): string => (t === undefined ? '' : formatDuration(ns(t)));
const columns: readonly Column<Row>[] = [
  { title: 'model', cell: (r) => r.model },
  { title: 'workload', cell: (r) => r.workload },
  { title: 'runs', cell: (r) => (r.runs === 0 ? '' : String(r.runs)), align: 'right' },
  { title: 'strata', cell: (r) => duration(r.oursNs), align: 'right' },
  { title: 'onnxruntime', cell: (r) => duration(r.theirsNs), align: 'right' },
  { title: 'ratio', cell: (r) => (r.ratio === undefined ? '' : threeDigits(r.ratio)), align: 'right' },
  { title: '', cell: (r) => r.problem?.replace(/\s+/g, ' ') ?? '', maxWidth: 100 },
];

/** For the terminal, and for a document. */
function tableOf(
  rows: readonly Row[],
  plan: BenchAllPlan,
): { readonly result: CommandResult; readonly body: string } {
  const ratios = rows.flatMap((r) => r.ratio ?? []);
  const mean = geometricMean(ratios);
  const slower = ratios.filter((r) => r > 1).length;
  const without = rows.filter((r) => r.problem !== undefined).length;
  const closing = [
    `medians on ${plan.threads} thread${plan.threads === 1 ? '' : 's'}`,
    ...(mean === undefined
      ? []
      : [
          `geometric mean of ${ratios.length} ratios ${threeDigits(mean)}`,
          `slower than ONNX Runtime: ${slower}`,
        ]),
    ...(without === 0 ? [] : [`not measured: ${without}`]),
  ].join('; ');
  const shown = without === 0 ? columns.slice(0, -1) : columns;
  return {
    result: {
      json: { threads: plan.threads, rows, geometricMean: mean, slower },
      text: `${formatTable(rows, columns)}\n${closing}`,
    },
    body: [
      '## Latency of the reference models',
      '',
      'Beside ONNX Runtime on the same file, in turns, in one process; times say something about the machine, ratios about the',
      `code. On one machine: ${closing}.`,
      '',
      markdownTable(rows, shown),
    ].join('\n'),
  };
}
