/** `strata bench`: latency per entry point, beside ONNX Runtime's when that is installed. */
import type { Command } from 'commander';
import { formatTable } from '../base/table';
import { formatDuration, ns, threeDigits } from '../base/units';
import type { ModelSession } from '../compiler/artifactSession';
import { runTimes } from '../compiler/artifactSession';
import type { Side } from '../compiler/latency';
import { timeInTurns } from '../compiler/latency';
import { OrtReference } from '../compiler/onnxRuntime';
import { loadInputs } from '../compiler/tensors';
import type { LoadedEntryPoint } from '../runner/runnerRequests';
import type { ArtifactOptions } from './compileOptions';
import { benchAll } from './benchAll';
import { cliMessages } from './messages';
import { inputSources, withSession } from './artifactFor';
import { addCompileOptions } from './compileOptions';
import { collect, integerOption } from './options';
import type { CommandResult } from './output';
import { runCommand } from './output';

interface BenchOptions extends ArtifactOptions {
  readonly threads?: string;
  readonly repeat: string;
  readonly warmup: string;
  readonly model?: string;
  readonly reference: boolean;
  readonly all?: boolean;
  readonly write?: string;
  readonly filter?: string;
  readonly json?: boolean;
}

interface Latency {
  readonly entry: string;
  readonly by: string;
  readonly threads: number;
  readonly repeats: number;
  readonly minNs: number;
  readonly medianNs: number;
  readonly p95Ns: number;
}

export function configureBench(command: Command): void {
  addCompileOptions(command)
    .argument('[file]', '.strata artifact, .onnx model or .mlir text')
    .option('--all', 'measure all reference models instead, one row per workload')
    .option('--filter <regex>', 'with --all: only models whose name it finds')
    .option('--write <file>', 'with --all: write the table into a Markdown document')
    .option('--input <name=source>', 'FILE.npy, FILE.pb or random:SEED (default: random:0)', collect)
    .option('--threads <n>', 'number of threads (default: 1)')
    .option('--repeat <n>', 'counted runs', '50')
    .option('--warmup <n>', 'runs before them', '5')
    .option('--model <file>', 'the model that an artifact was made from, for ONNX Runtime')
    .option('--no-reference', 'leave ONNX Runtime out')
    .option('--json', 'print one JSON document')
    .action((file: string | undefined, options: BenchOptions) =>
      runCommand(options.json === true, (context) => {
        const plan: Plan = {
          threads: options.threads === undefined ? 1 : integerOption('--threads', options.threads, 1),
          repeat: integerOption('--repeat', options.repeat, 1),
          warmup: integerOption('--warmup', options.warmup, 0),
          inputs: options.input ?? [],
        };
        if (options.all === true) {
          if (file !== undefined)
            throw cliMessages.error('STR0002', {
              option: '--all',
              found: file,
              expected: 'no file beside it',
            });
          const { reference, filter, write } = options;
          return benchAll({ ...plan, reference, filter, write }, options, context);
        }
        if (file === undefined)
          throw cliMessages.error('STR0008', {
            problem: "missing required argument 'file', or --all",
            command: 'strata bench',
          });
        return withSession(file, options, context, async ({ session, model, dims }) => {
          const onnx = [options.model, model].find((m) => m?.endsWith('.onnx') === true);
          const reference =
            options.reference && onnx !== undefined
              ? await OrtReference.load(onnx, plan.threads, 'latency')
              : undefined;
          try {
            return benchResult(file, await measure(session, reference, { ...plan, dims }));
          } finally {
            await reference?.release();
          }
        });
      }),
    );
}

interface Plan {
  readonly threads: number;
  readonly repeat: number;
  readonly warmup: number;
  /** As given: `NAME=SOURCE`. */
  readonly inputs: readonly string[];
}

/** Per entry point one row of ours and, with a reference, one of theirs. */
async function measure(
  session: ModelSession,
  reference: OrtReference | undefined,
  {
    threads,
    repeat,
    warmup,
    inputs: texts,
    dims: given,
  }: Plan & { readonly dims: ReadonlyMap<string, number> },
): Promise<readonly Latency[]> {
  const rows: Latency[] = [];
  for (const { entry, dims } of workloads(session, texts.length > 0, given)) {
    const names = entry.inputs.map((i) => i.name);
    const inputs = loadInputs(entry.inputs, inputSources(texts, names), dims, entry.sizes);
    const { cancellation } = session;
    let { name } = entry;
    const sides: Side[] = [
      {
        time: async (runs) => {
          const timings = await session.bench(inputs, { entry: name, threads, warmup: 0, repeat: runs });
          name = timings.entry;
          return timings.iterationNs;
        },
      },
    ];
    if (reference !== undefined) sides.push({ time: (runs) => reference.time(inputs, runs) });
    const [ours = [], theirs = []] = await timeInTurns(sides, { repeat, warmup, cancellation });
    rows.push(latency(name, 'strata', threads, ours));
    if (reference !== undefined)
      rows.push(latency(name, `onnxruntime ${reference.version}`, threads, theirs));
  }
  return rows;
}

/** What is measured: each entry point, or those of a function whose sizes are asked for, or the one that inputs choose. */
function workloads(
  session: ModelSession,
  inputsAreGiven: boolean,
  dims: ReadonlyMap<string, number>,
): readonly { readonly entry: LoadedEntryPoint; readonly dims: ReadonlyMap<string, number> }[] {
  const entries = session.functions.length > 0 ? session.functions : session.entryPoints;
  return entries.flatMap((entry) => {
    if (entry.sizes === undefined || inputsAreGiven) return [{ entry, dims }];
    const agreeing = entry.sizes.filter((s) => Object.entries(s).every(([d, n]) => (dims.get(d) ?? n) === n));
    // Where none agrees the runner says which there are.
    if (agreeing.length === 0) return [{ entry, dims }];
    return agreeing.map((s) => ({ entry, dims: new Map(Object.entries(s)) }));
  });
}

function benchResult(file: string, rows: readonly Latency[]): CommandResult {
  const [a, b] = rows;
  // Of several entry points each has its own.
  const ratio =
    b === undefined || a === undefined || b.by === 'strata' || rows.length > 2
      ? undefined
      : a.medianNs / b.medianNs;
  const table = formatTable(rows, [
    { title: 'entry', cell: (r) => r.entry },
    { title: 'by', cell: (r) => r.by },
    { title: 'threads', cell: (r) => String(r.threads), align: 'right' },
    { title: 'runs', cell: (r) => String(r.repeats), align: 'right' },
    { title: 'min', cell: (r) => formatDuration(ns(r.minNs)), align: 'right' },
    { title: 'median', cell: (r) => formatDuration(ns(r.medianNs)), align: 'right' },
    { title: 'p95', cell: (r) => formatDuration(ns(r.p95Ns)), align: 'right' },
  ]);
  return {
    json: { file, latencies: rows, ratio },
    text: ratio === undefined ? table : `${table}\nmedian ratio strata / onnxruntime: ${threeDigits(ratio)}`,
  };
}

function latency(entry: string, by: string, threads: number, times: readonly number[]): Latency {
  return { entry, by, threads, ...runTimes(times) };
}
