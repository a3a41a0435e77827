/** `strata compile`: model to artifact, with the IR of each pass on request. */
import path from 'node:path';
import type { Command } from 'commander';
import { formatBytes, formatDuration, formatRate, ns } from '../base/units';
import { formatTable } from '../base/table';
import type { Compilation } from '../compiler/compilation';
import { compileModel } from '../compiler/compileModel';
import { cpuLevels } from '../compiler/targetDescription';
import { printOp } from '../ir';
import { stages } from '../lowering/stages';
import type { ArtifactOptions } from './artifactFor';
import { compileOptions } from './artifactFor';
import { cliMessages } from './messages';
import { collect, integerOption, wordOption } from './options';
import type { CommandResult } from './output';
import { runCommand } from './output';

interface CompileCommandOptions extends ArtifactOptions {
  readonly target: string;
  readonly output?: string;
  readonly dumpDir?: string;
  readonly stopAfter?: string;
  readonly emit?: string;
  readonly pipeline?: string;
  readonly resources?: string;
  readonly dim: readonly string[];
  readonly externalParameters?: boolean;
  readonly json?: boolean;
}

export function addCompileCommand(program: Command): void {
  program
    .command('compile')
    .description('compile a model to an artifact')
    .argument('<model>', '.onnx model or .mlir text')
    .option('--target <name>', 'cpu', 'cpu')
    .option('-o, --output <file>', 'the artifact (default: MODEL.strata)')
    .option('--dump-dir <dir>', 'write the IR after each pass, one file per pass')
    .option('--stop-after <name>', `a stage (${stages.map((s) => s.name).join(', ')}) or pass to stop after`)
    .option('--emit <stage>', 'print the IR of a stage, or the generated C with "c"; writes no artifact')
    .option('--pipeline <text>', 'passes to run instead of the default ones')
    .option('--resources <file>', 'for .mlir: the file that its parameters are in')
    .option('--dim <name=size>', 'size of a symbolic dimension', collect, [])
    .option('--external-parameters', "refer to unchanged weights in the model's file")
    .option(
      '--cpu <level>',
      `instructions to use: ${cpuLevels.join(', ')} (default: the best of this machine)`,
    )
    .option('-O <level>', '0 (plain, for debugging) to 3 (default)')
    .option('--json', 'print one JSON document')
    .action((model: string, options: CompileCommandOptions) =>
      runCommand(options.json === true, async ({ cancellation, progress, warn }) => {
        wordOption('--target', options.target, ['cpu']);
        const emit = options.emit;
        if (emit !== undefined) wordOption('--emit', emit, [...stages.map((s) => s.name), 'c']);
        const stop = options.stopAfter ?? (emit === 'c' ? undefined : emit);
        const output =
          options.output ??
          `${path.join(path.dirname(model), path.basename(model, path.extname(model)))}.strata`;
        const result = await compileModel(
          {
            model,
            ...compileOptions(options),
            ...(emit === undefined && stop === undefined ? { output } : {}),
            ...(options.dumpDir === undefined ? {} : { dumpDir: options.dumpDir }),
            ...(stop === undefined ? {} : { stopAfter: stop }),
            ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
            ...(options.resources === undefined ? {} : { resources: options.resources }),
            ...(options.externalParameters === true ? { externalParameters: true } : {}),
            dims: dimsOf(options.dim),
          },
          {
            cancellation,
            onProgress: (p) => {
              progress(`${Math.round(100 * p.fraction)} %  ${p.phase} ${p.detail}`);
            },
          },
        );
        warn(result.compilation.warnings);
        if (emit !== undefined || (stop !== undefined && options.dumpDir === undefined)) {
          const text =
            emit === 'c' ? result.compilation.kernelSource : printOp(result.module, { locations: 'alias' });
          return { json: { text, ...summaryOf(result.compilation) }, text: text.trimEnd() };
        }
        return compiled(result.compilation, options.dumpDir);
      }),
    );
}

function dimsOf(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const eq = text.indexOf('=');
      if (eq <= 0)
        throw cliMessages.error('STR0002', { option: '--dim', found: text, expected: 'NAME=SIZE' });
      return [text.slice(0, eq), integerOption('--dim', text.slice(eq + 1), 1)];
    }),
  );
}

/** The compilation without its texts. */
export function summaryOf(c: Compilation): Record<string, unknown> {
  return {
    model: c.model,
    target: c.target,
    cpu: c.featureLevel,
    pipeline: c.pipeline,
    durationNs: c.durationNs,
    artifact: c.artifact,
    arenaBytes: c.arenaBytes,
    constantBytes: c.constantBytes,
    passes: c.passes.passes.map(({ summary: _, snapshot: __, ...p }) => p),
    rewrites: c.passes.rewrites.length,
    tools: c.tools,
    dispatches: c.dispatches,
    warnings: c.warnings,
  };
}

function compiled(c: Compilation, dumpDir: string | undefined): CommandResult {
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
    `${c.modelNodes.length} model nodes → ${c.dispatches.length} dispatches, ${formatRate(flops, 'FLOP')} a run, ` +
      `arena ${formatBytes(c.arenaBytes)}, constants ${formatBytes(c.constantBytes)}, for ${c.target} (${c.featureLevel})`,
    ...(c.artifact === undefined ? [] : [`artifact  ${c.artifact}`]),
    ...(dumpDir === undefined ? [] : [`IR        ${dumpDir}`]),
    `compiled in ${formatDuration(ns(c.durationNs))}`,
  ];
  return { json: summaryOf(c), text: lines.join('\n') };
}

interface PhaseRow {
  readonly name: string;
  readonly durationNs: number;
  readonly passes: string;
  readonly rewrites: string;
  readonly ops: string;
  readonly detail: string;
}

/** Tools and stages in the order in which they ran. */
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
    ...tool('c-compiler'),
    ...tool('package'),
  ];
}
