/** `strata profile`: a traced run and its per-dispatch table. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { formatDuration, formatRate, ns } from '../base/units';
import { measurementOf } from '../compiler/artifactSession';
import { overheadText } from '../compiler/compilation';
import { sampleKernels } from '../compiler/sampleKernels';
import { loadInputs } from '../compiler/tensors';
import { attained, boundOf } from '../profiler/layout/roofline';
import type { Roofs } from '../profiler/layout/roofline';
import { readTrace } from '../profiler/readTrace';
import { formatSummary, summarise } from '../profiler/summary';
import type { Summary } from '../profiler/summary';
import { knownPeak, measurePeak, tracedPeakOf } from '../runner/measurePeak';
import type { ArtifactOptions } from './compileOptions';
import { inputSources, withSession } from './artifactFor';
import { addCompileOptions } from './compileOptions';
import { collect, integerOption } from './options';
import type { CommandContext } from './output';
import { runCommand } from './output';
import { formatSamples } from './sampledLines';
import { resourceRoot } from './resourceRoot';

interface ProfileOptions extends ArtifactOptions {
  readonly output?: string;
  readonly threads?: string;
  readonly repeat: string;
  readonly warmup: string;
  readonly entry?: string;
  readonly counters?: boolean;
  readonly sample?: boolean;
  readonly limit?: string;
  readonly json?: boolean;
}

export function configureProfile(command: Command): void {
  addCompileOptions(command)
    .argument('<file>', '.strata artifact, .onnx model or .mlir text')
    .option('-o, --output <file>', 'the trace, for Strata and the Perfetto UI (default: MODEL.pftrace)')
    .option('--input <name=source>', 'FILE.npy, FILE.pb or random:SEED (default: random:0)', collect)
    .option('--threads <n>', 'number of threads (default: 1)')
    .option('--repeat <n>', 'recorded runs', '10')
    .option('--warmup <n>', 'runs before them', '3')
    .option('--entry <name>', 'entry point (default: the first)')
    .option('--counters', 'also what perf_event counts per dispatch and thread, as far as the machine has it')
    .option(
      '--sample',
      'also which lines of the generated C take the time, by Linux perf, in runs of their own',
    )
    .option('--limit <n>', 'print only the n slowest dispatches')
    .option('--json', 'print one JSON document')
    .action((file: string, options: ProfileOptions) =>
      runCommand(options.json === true, (context) => {
        const plan = {
          threads: options.threads === undefined ? 1 : integerOption('--threads', options.threads, 1),
          repeat: integerOption('--repeat', options.repeat, 1),
          warmup: integerOption('--warmup', options.warmup, 0),
        };
        const limit = options.limit === undefined ? Infinity : integerOption('--limit', options.limit, 1);
        return withSession(file, options, context, async ({ session, artifact, dims }) => {
          const output =
            options.output ??
            path.join(path.dirname(file), `${path.basename(file, path.extname(file))}.pftrace`);
          const entry = session.entryPoint(options.entry);
          const inputs = loadInputs(
            entry.inputs,
            inputSources(
              options.input ?? [],
              entry.inputs.map((i) => i.name),
            ),
            dims,
            entry.sizes,
          );
          const roofs = await roofsOf(plan.threads, context);
          const { timings, started, overhead } = await session.profile(inputs, path.resolve(output), {
            entry: entry.name,
            ...plan,
            compareUnrecorded: true,
            counters: options.counters === true,
            ...(roofs === undefined ? {} : { peak: roofs }),
          });
          const summary = summarise(readTrace(await readFile(output), path.basename(output)));
          if (options.sample === true) context.progress('Sampling kernels');
          const samples =
            options.sample === true
              ? await sampleKernels(session, artifact, inputs, {
                  entry: timings.entry,
                  threads: plan.threads,
                })
              : undefined;
          const measurement = measurementOf(timings, {
            trace: output,
            ...(overhead === undefined ? {} : { overhead }),
            ...(roofs === undefined ? {} : { peak: roofs }),
          });
          const text = [
            formatSummary(summary, limit, roofs),
            '',
            `${measurement.repeats} runs on ${measurement.threads} thread${measurement.threads === 1 ? '' : 's'}: median ${formatDuration(ns(measurement.medianNs))}, min ${formatDuration(ns(measurement.minNs))}`,
            ...(roofs === undefined
              ? []
              : [
                  `at most ${formatRate(roofs.flopsPerSecond, 'FLOP/s')} in f32, and ${formatRate(roofs.bytesPerSecond, 'B/s')} from memory; more than 100 % comes from caches`,
                ]),
            ...session.programNotes,
            ...(overhead === undefined ? [] : [overheadText(overhead)]),
            ...(started.missing === '' ? [] : [`not counted: ${started.missing}`]),
            ...(samples === undefined ? [] : ['', formatSamples(samples, summary.rows, limit), '']),
            `trace  ${output}`,
          ];
          return {
            json: {
              trace: output,
              program: session.program,
              measurement,
              counters: started,
              roofs,
              summary: roofs === undefined ? summary : withBounds(summary, roofs),
              samples,
            },
            text: text.join('\n'),
          };
        });
      }),
    );
}

/** What binds each dispatch, and the part of it that is reached. */
const withBounds = (summary: Summary, roofs: Roofs): object => ({
  ...summary,
  rows: summary.rows.map((r) => ({ ...r, bound: boundOf(r, roofs), attained: attained(r, roofs) })),
});

/** What this machine reaches at most: as it was measured before, or measured now. Undefined where it cannot be. */
async function roofsOf(threads: number, context: CommandContext): Promise<Roofs | undefined> {
  const { signal } = context.cancellation;
  let peak = await knownPeak();
  if (peak === undefined) {
    context.progress('Measuring what this machine reaches at most, once');
    peak = await measurePeak({ resourceRoot, signal }).catch(() => undefined);
    context.cancellation.throwIfCancelled();
  }
  return peak === undefined ? undefined : tracedPeakOf(peak, threads);
}
