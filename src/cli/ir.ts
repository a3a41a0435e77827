/** `strata ir`: what our own passes did to a model, op by op, down to dispatches and their times. */
import path from 'node:path';
import type { Command } from 'commander';
import { formatTable } from '../base/table';
import { formatDuration, ns } from '../base/units';
import { measurementOf } from '../compiler/artifactSession';
import type { Compilation, DispatchInfo, Measurement } from '../compiler/compilation';
import { dispatchShare, dispatchTime } from '../compiler/dispatchTimes';
import { loadInputs } from '../compiler/tensors';
import { drawnGraph } from '../dump/layout/drawGraph';
import type { Life } from '../dump/semantic/lifeOfOp';
import { opAtAddress } from '../dump/semantic/opAddress';
import { SnapshotDiffs, snapshotGraph } from '../dump/semantic/snapshotDiff';
import type { IrSnapshot, PassRecord } from '../ir';
import { Provenance } from '../language/provenance';
import type { ArtifactOptions } from './compileOptions';
import { withSession } from './artifactFor';
import { addCompileOptions, compileOptions } from './compileOptions';
import { compileFile } from './compileFile';
import { cliMessages } from './messages';
import { wordOption } from './options';
import type { CommandContext, CommandResult } from './output';
import { runCommand } from './output';
import { graphResult, lifeResult, reproducerResult, semanticResult } from './semantic';

interface IrOptions extends ArtifactOptions {
  readonly all?: boolean;
  readonly markdown?: boolean;
  readonly measure?: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

const actions = ['passes', 'diff', 'life', 'graph', 'reproduce'] as const;

export function configureIr(command: Command): void {
  addCompileOptions(command)
    .argument('<model>', '.onnx model or .mlir text')
    .argument(
      '<action>',
      'passes; diff N [M], what pass N did, or all from the IR after N to that after M; life [N] OP, from source to dispatch; graph N; reproduce N',
    )
    .argument(
      '[others...]',
      'numbers of passes as passes has them; OP is a line, %value, @symbol, model node or op name',
    )
    .option('--all', 'passes: those that changed nothing too; diff: ops that stayed as they were too')
    .option('--markdown', 'diff, life: a table in Markdown')
    .option('-o, --output <file>', 'reproduce: the file to write')
    .option('--measure', 'life: run the model and say what the dispatches take')
    .option('--json', 'print one JSON document')
    .action((model: string, action: string, others: readonly string[], options: IrOptions) => {
      const what = wordOption('ACTION', action, actions);
      return runCommand(options.json === true, async (context) => {
        if (what === 'life' && options.measure === true)
          return withSession(model, options, context, async ({ session, compilation, dims }) => {
            if (compilation === undefined)
              throw cliMessages.error('STR0005', { path: model, known: '.onnx and .mlir files' });
            const entry = session.entryPoint();
            const inputs = loadInputs(entry.inputs, new Map(), dims);
            context.progress('measuring');
            const timings = await session.bench(inputs, { entry: entry.name, warmup: 2, repeat: 5 });
            return life(compilation, others, options, context, measurementOf(timings));
          });
        const compilation = await compileFile(
          {
            model,
            ...compileOptions(options),
            ...(options.resources === undefined ? {} : { resources: options.resources }),
          },
          context,
        );
        switch (what) {
          case 'passes':
            return passes(compilation, options);
          case 'diff':
            return diff(compilation, others, options, context);
          case 'life':
            return life(compilation, others, options, context, undefined);
          case 'graph': {
            const { pass, snapshot } = passRecord(compilation, others[0]);
            const graph = snapshotGraph(compilation.passes.snapshots.get(snapshot)!);
            return graphResult(drawnGraph(`${path.basename(model)}: ${pass}`, graph), options);
          }
          case 'reproduce': {
            const { index, pass } = passRecord(compilation, others[0]);
            const before = passRecord(compilation, String(Math.max(0, index - 1)));
            const ir = compilation.passes.snapshots.get(before.snapshot)!.text;
            const pipeline = `builtin.module(${pass})`;
            return reproducerResult({ tool: 'strata', pipeline, ir }, options.output, model);
          }
        }
      });
    });
}

function passes(c: Compilation, options: IrOptions): CommandResult {
  const rows = c.passes.passes.filter((p) => options.all === true || p.changed);
  const table = formatTable(rows, [
    { title: 'pass', cell: (p) => String(p.index), align: 'right' },
    { title: 'stage', cell: (p) => p.stage },
    { title: '', cell: (p) => p.pass, maxWidth: 50 },
    { title: 'time', cell: (p) => formatDuration(ns(p.durationNs)), align: 'right' },
    { title: 'ops', cell: (p) => String(p.opCountAfter), align: 'right' },
    { title: 'rewrites', cell: (p) => String(p.rewrites[1] - p.rewrites[0]), align: 'right' },
  ]);
  const hidden = c.passes.passes.length - rows.length;
  const json = c.passes.passes.map(({ snapshot: _, ...p }) => p);
  return { json, text: hidden === 0 ? table : `${table}\n${hidden} unchanged not shown (--all)` };
}

function passNumber(c: Compilation, text: string | undefined): number {
  const n = Number(text);
  const expected = `the number of a pass, 0 to ${c.passes.passes.length - 1}`;
  if (text === undefined || !/^\d+$/.test(text) || n >= c.passes.passes.length)
    throw cliMessages.error('STR0002', { option: 'N', found: text ?? '', expected });
  return n;
}

const passRecord = (c: Compilation, text: string | undefined): PassRecord =>
  c.passes.passes[passNumber(c, text)]!;

function diff(
  c: Compilation,
  [n, m]: readonly string[],
  options: IrOptions,
  { cancellation }: CommandContext,
): CommandResult {
  const first = passNumber(c, n);
  const [from, to] = m === undefined ? [Math.max(0, first - 1), first] : [first, passNumber(c, m)];
  const found = new SnapshotDiffs(c.passes).between(from, to, { cancellation })!;
  const name = (i: number): string => c.passes.passes[i]!.pass;
  const title = m === undefined ? `${to} ${name(to)}` : `${from} ${name(from)} → ${to} ${name(to)}`;
  return semanticResult(title, found, options);
}

async function life(
  c: Compilation,
  others: readonly string[],
  options: IrOptions,
  { cancellation }: CommandContext,
  measurement: Measurement | undefined,
): Promise<CommandResult> {
  const [n, op] = others.length > 1 ? others : [undefined, others[0]];
  if (op === undefined) {
    const expected = 'a line, %value, @symbol, model node or op name';
    throw cliMessages.error('STR0002', { option: 'OP', found: '', expected });
  }
  const wanted = n === undefined ? undefined : passNumber(c, n);
  const steps = new SnapshotDiffs(c.passes).steps();
  const states = c.passes.passes
    .filter((p) => (wanted === undefined ? p.changed || p.index === 0 : p.index === wanted))
    .map((p) => ({
      number: p.index,
      step: steps.findLastIndex((s) => s.index <= p.index),
      graph: () => Promise.resolve(snapshotGraph(c.passes.snapshots.get(p.snapshot)!)),
    }));
  const result = await lifeResult(op, states, steps, options, cancellation);
  const last = c.passes.passes[c.passes.passes.length - 1]!;
  const dispatches = dispatchesOf(c, c.passes.snapshots.get(last.snapshot)!, result.life);
  const rows = dispatches.map((d) => ({
    ...d,
    time: dispatchTime(measurement, d),
    share: dispatchShare(measurement, d),
  }));
  const table = formatTable(rows, [
    { title: 'dispatch', cell: (d) => String(d.index), align: 'right' },
    { title: '', cell: (d) => d.name, maxWidth: 60 },
    {
      title: 'median',
      cell: (d) => (d.time === undefined ? '' : formatDuration(ns(d.time.medianNs))),
      align: 'right',
    },
    {
      title: 'share',
      cell: (d) => (d.share === undefined ? '' : `${(100 * d.share).toFixed(1)} %`),
      align: 'right',
    },
    { title: 'model nodes', cell: (d) => d.origins.join(', '), maxWidth: 60 },
  ]);
  return {
    json: { model: path.basename(c.model), ...(result.json as object), dispatches: rows },
    text: rows.length === 0 ? result.text : `${result.text}\n\n${table}`,
  };
}

/** The dispatches of what an op became; none where it became all of a function that holds several. */
function dispatchesOf(c: Compilation, last: IrSnapshot, { descendants }: Life): readonly DispatchInfo[] {
  const provenance = new Provenance(last, c.dispatches);
  const graph = snapshotGraph(last);
  const found = new Set<DispatchInfo>();
  for (const address of descendants) {
    const op = opAtAddress(graph, address);
    if (op === undefined) continue;
    for (const d of provenance.dispatchesAt(graph.spans[op.index]!)) found.add(d);
  }
  return c.dispatches.filter((d) => found.has(d));
}
