/** `strata compile`: model to artifact, with the IR of each pass on request. */
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { formatBytes, formatDuration, formatRate, ns } from '../base/units';
import { formatTable } from '../base/table';
import type { Compilation, HostedStages } from '../compiler/compilation';
import type { CompileRequest } from '../compiler/compileModel';
import { cpuLevels } from '../compiler/cpuLevels';
import { exportForms } from '../compiler/exportForms';
import { stages } from '../lowering/stages';
import { compileFile } from './compileFile';
import type { ArtifactOptions } from './compileOptions';
import { compileOptions, dimHelp, dimsOf } from './compileOptions';
import { collect, wordOption } from './options';
import type { CommandResult } from './output';
import { runCommand } from './output';
import { replaceFile } from './replaceFile';

interface CompileCommandOptions extends ArtifactOptions {
  readonly target: string;
  readonly output?: string;
  readonly dumpDir?: string;
  readonly stopAfter?: string;
  readonly emit?: string;
  readonly pipeline?: string;
  readonly resources?: string;
  readonly externalParameters?: boolean;
  readonly json?: boolean;
}

/** What `--emit` prints: a stage (`c` is short for `target`), or text for other compilers. */
const stageWords = [...stages.map((s) => s.name), 'target', 'c', ...exportForms];

export function configureCompile(command: Command): void {
  command
    .argument('<model>', '.onnx or .tflite model, or .mlir text')
    .option('--target <name>', 'cpu', 'cpu')
    .option(
      '-o, --output <file>',
      'the artifact (default: MODEL.strata), or the text of --emit and --stop-after',
    )
    .option(
      '--emit <stage>',
      `print the IR of a stage, or text for other compilers (${stageWords.join(', ')}); writes no artifact`,
    )
    .option('--stop-after <name>', 'print the IR after a stage or pass; writes no artifact')
    .option('--dump-dir <dir>', 'write the IR after each pass, one file per pass, and the parameters')
    .option('--pipeline <text>', 'passes to run instead of the default ones')
    .option('--resources <file>', 'for .mlir text: the file that its parameters are in')
    .option('--dim <name=sizes>', dimHelp, collect)
    .option('--external-parameters', "refer to unchanged weights in the model's file")
    .option(
      '--cpu <levels>',
      `instructions to use: ${cpuLevels.join(', ')} (default: the best of this machine); ` +
        'several with commas: one artifact with code for each, the runner takes the first that its machine runs',
    )
    .option('-O <level>', '0 (plain, for debugging) to 3 (default)')
    .option(
      '--schedule <file>',
      "schedules by name of their dispatch, `{NAME = {block = …, tile = …}}` as '--emit scheduled' prints them; the others are chosen",
    )
    .option(
      '--no-cache',
      'compile everything, and keep none of it (default: what was compiled before is taken)',
    )
    .option('--json', 'print one JSON document')
    .action((model: string, options: CompileCommandOptions) =>
      runCommand(options.json === true, async (context) => {
        wordOption('--target', options.target, ['cpu']);
        const { emit, output } = options;
        if (emit !== undefined) wordOption('--emit', emit, stageWords);
        const exportForm = exportForms.find((f) => f === emit);
        const stop = emit === 'c' ? 'target' : (emit ?? options.stopAfter);
        const base = path.join(path.dirname(model), path.basename(model, path.extname(model)));
        const compilation = await compileFile(
          {
            model,
            ...compileOptions(options),
            ...(exportForm !== undefined
              ? { exportForm, ...(output === undefined ? {} : { exportFile: output }) }
              : stop === undefined
                ? { output: output ?? `${base}.strata` }
                : { stopAfter: stop }),
            ...(options.dumpDir === undefined ? {} : { dumpDir: options.dumpDir }),
            ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
            ...(options.resources === undefined ? {} : { resources: options.resources }),
            ...(options.externalParameters === true ? { externalParameters: true } : {}),
            ...requestedSizes(options.dim ?? []),
            ...(stop === undefined || stop === 'target' ? {} : { keepFinalText: true }),
          },
          context,
        );
        const textIsWanted =
          stop !== undefined && (emit !== undefined || output !== undefined || options.dumpDir === undefined);
        if (!textIsWanted) return compiled(compilation, options.dumpDir);
        if (exportForm !== undefined && output !== undefined)
          return {
            json: { ...summaryOf(compilation), output },
            text: `wrote ${output}  ${formatBytes((await stat(output)).size)}`,
          };
        const text = stop === 'target' ? compilation.kernelSource : (compilation.finalText ?? '');
        if (output === undefined) return { json: { text, ...summaryOf(compilation) }, text: text.trimEnd() };
        await replaceFile(output, (to) => writeFile(to, text));
        return {
          json: { ...summaryOf(compilation), output },
          text: `wrote ${output}  ${formatBytes(Buffer.byteLength(text))}`,
        };
      }),
    );
}

/** The compilation without its texts. */
export function summaryOf(c: Compilation): Record<string, unknown> {
  return {
    model: c.model,
    target: c.target,
    cpu: c.featureLevel,
    cpuFallbacks: c.fallbackLevels,
    pipeline: c.pipeline,
    durationNs: c.durationNs,
    ...(c.foundNs === undefined ? {} : { foundNs: c.foundNs }),
    artifact: c.artifact,
    arenaBytes: c.arenaBytes,
    constantBytes: c.constantBytes,
    passes: c.passes.passes.map(({ summary: _, snapshot: __, ...p }) => p),
    rewrites: c.passes.passes.at(-1)?.rewrites[1] ?? 0,
    tools: c.tools,
    dispatches: c.dispatches,
    warnings: c.warnings,
    host: c.host,
    variants: c.variants,
  };
}

function compiled(c: Compilation, dumpDir: string | undefined): CommandResult {
  const found = c.foundNs;
  const rows = phaseRows(c);
  const flops = c.dispatches.reduce((n, d) => n + d.flops, 0);
  const table = formatTable(rows, [
    { title: 'phase', cell: (r) => r.name },
    { title: 'time', cell: (r) => formatDuration(ns(r.durationNs)), align: 'right' },
    { title: 'passes', cell: (r) => r.passes, align: 'right' },
    { title: 'rewrites', cell: (r) => r.rewrites, align: 'right' },
    { title: 'ops', cell: (r) => r.ops, align: 'right' },
    { title: '', cell: (r) => r.detail },
  ]);
  const lines = [
    table,
    '',
    `${c.modelNodes.length} model nodes → ${c.dispatches.length} dispatches, ${formatRate(flops, 'FLOP')} ${c.variants === undefined ? 'a run' : 'in all entry points'}, ` +
      `arena ${formatBytes(c.arenaBytes)}, constants ${formatBytes(c.constantBytes)}, for ${c.target} (${[c.featureLevel, ...c.fallbackLevels].join(', else ')})`,
    ...(c.host === undefined ? [] : [hostText(c.host)]),
    ...(c.variants === undefined ? [] : [variantsText(c)]),
    ...(c.artifact === undefined ? [] : [`artifact  ${c.artifact}`]),
    ...(dumpDir === undefined ? [] : [`IR        ${dumpDir}`]),
    found === undefined
      ? `compiled in ${formatDuration(ns(c.durationNs))}`
      : `unchanged since it was compiled in ${formatDuration(ns(c.durationNs))}: found in ${formatDuration(ns(found))}`,
  ];
  return { json: summaryOf(c), text: lines.join('\n') };
}

/** `dims` and `sizes` of a request. */
function requestedSizes(texts: readonly string[]): Pick<CompileRequest, 'dims' | 'sizes'> {
  const { dims, sizes } = dimsOf(texts);
  return { dims, ...(sizes === undefined ? {} : { sizes }) };
}

/** The entry points that inputs choose from. */
function variantsText({ variants = [], dispatches }: Compilation): string {
  const rows = variants.map(({ entry, sizes }) => {
    const own = dispatches.filter((d) => d.entryPoint === entry);
    return {
      entry,
      sizes: Object.entries(sizes)
        .map(([name, size]) => `${name} = ${size}`)
        .join(', '),
      dispatches: own.length,
      flops: own.reduce((n, d) => n + d.flops, 0),
    };
  });
  return `${formatTable(rows, [
    { title: 'entry point', cell: (r) => r.entry },
    { title: 'for inputs with', cell: (r) => r.sizes },
    { title: 'dispatches', cell: (r) => String(r.dispatches), align: 'right' },
    { title: 'a run', cell: (r) => formatRate(r.flops, 'FLOP'), align: 'right' },
  ])}\n`;
}

/** What is left to a run. */
function hostText({ stages, assumed, waiting }: HostedStages): string {
  const sizes = Object.entries(assumed).map(([name, size]) => `${name} = ${size}`);
  const known = `a host program runs ${stages} function${stages === 1 ? '' : 's'} that ${stages === 1 ? 'was' : 'were'} compiled in advance`;
  const where = sizes.length === 0 ? '' : ` for ${sizes.join(', ')}; other sizes when a run gives them`;
  const rest = waiting === undefined ? '' : `; what follows ${waiting} when a run reaches it`;
  return `${known}${where}${rest}`;
}

interface PhaseRow {
  readonly name: string;
  readonly durationNs: number;
  readonly passes: string;
  readonly rewrites: string;
  readonly ops: string;
  readonly detail: string;
}

/** Tools and stages in the order in which they ran, then what was spent around them. */
function phaseRows(c: Compilation): readonly PhaseRow[] {
  const rows = new Map<
    string,
    { durationNs: number; passes: number; rewrites: number; ops: number; unchanged: number }
  >();
  for (const p of c.passes.passes.slice(1)) {
    const r = rows.get(p.stage) ?? { durationNs: 0, passes: 0, rewrites: 0, ops: 0, unchanged: 0 };
    r.durationNs += p.durationNs;
    r.passes++;
    r.rewrites += p.rewrites[1] - p.rewrites[0];
    r.ops = p.opCountAfter;
    if (!p.changed) r.unchanged++;
    rows.set(p.stage, r);
  }
  const own = [...c.passes.passes.slice(1), ...c.tools].reduce((sum, each) => sum + each.durationNs, 0);
  const rest = c.durationNs - own;
  const tool = (name: string): PhaseRow[] =>
    c.tools
      .filter((t) => t.name === name)
      .map((t) => ({ name, durationNs: t.durationNs, passes: '', rewrites: '', ops: '', detail: t.detail }));
  return [
    ...tool('read'),
    ...[...rows].map(([name, r]) => ({
      name,
      durationNs: r.durationNs,
      passes: String(r.passes),
      rewrites: String(r.rewrites),
      ops: String(r.ops),
      detail: r.unchanged > 0 ? `${r.unchanged} unchanged` : '',
    })),
    ...tool('target'),
    ...tool('c-compiler'),
    ...tool('fallback'),
    ...tool('package'),
    ...(rest > 0
      ? [
          {
            name: 'checks',
            durationNs: rest,
            passes: '',
            rewrites: '',
            ops: '',
            detail: 'verifier, and the IR of each pass',
          },
        ]
      : []),
  ];
}
