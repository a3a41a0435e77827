/** `strata models`: the reference models as real model files, and whether each compiles, runs and agrees. */
import path from 'node:path';
import type { Command } from 'commander';
import type { Column } from '../base/table';
import { formatTable } from '../base/table';
import { formatBytes, formatDuration, ns } from '../base/units';
import type { StepAgreement } from '../compiler/quantisedSteps';
import type { ReferenceModel } from '../frontend/zoo/referenceModel';
import { referenceGraph, referenceModel, referenceModels } from '../frontend/zoo/referenceModels';
import type { ArtifactOptions } from './compileOptions';
import { addCompileOptions } from './compileOptions';
import { markdownTable, writeSection } from './documentSection';
import { integerOption } from './options';
import { runCommand } from './output';
import type { ModelState, WorkloadState } from './referenceRuns';
import { checkModel, isInOrder, lastState, stateWord, writeReferenceModel } from './referenceRuns';

export function configureModels(models: Command): void {
  models
    .command('list')
    .description('list the reference models, with what the last check of each found')
    .option('--write <file>', 'write the table into a Markdown document')
    .option('--json', 'print one JSON document')
    .action((options: { write?: string; json?: boolean }) =>
      runCommand(options.json === true, async () => {
        const rows = await Promise.all(referenceModels.map(listRow));
        if (options.write !== undefined) await writeStates(options.write, rows);
        return { json: { models: rows }, text: formatTable(rows, listColumns) };
      }),
    );
  models
    .command('build')
    .description('write a reference model as a file')
    .argument('<name>', 'name from "models list"')
    .option('-o, --output <file>', 'where to write it (default: NAME.onnx)')
    .option('--batch <n>', 'batch size, or N for a symbolic one', '1')
    .option('--seed <n>', 'seed of the weights', '0')
    .option('--json', 'print one JSON document')
    .action((name: string, options: { output?: string; batch: string; seed: string; json?: boolean }) =>
      runCommand(options.json === true, async (context) => {
        const batch = options.batch === 'N' ? 'N' : integerOption('--batch', options.batch, 1);
        const graph = referenceGraph(name, { batch, seed: integerOption('--seed', options.seed, 0) });
        const file = path.resolve(options.output ?? `${name}.onnx`);
        const bytes = await writeReferenceModel(graph, file, context);
        return {
          json: { name, file, bytes },
          text: `wrote ${options.output ?? `${name}.onnx`}  ${formatBytes(bytes)}`,
        };
      }),
    );
  addCompileOptions(models.command('check'))
    .description('build, compile and run reference models, and compare them with ONNX Runtime')
    .argument('[name...]', 'names from "models list" (default: all)')
    .option('--json', 'print one JSON document')
    .action((names: readonly string[], options: ArtifactOptions & { json?: boolean }) =>
      runCommand(options.json === true, async (context) => {
        const chosen = names.length === 0 ? referenceModels : names.map(referenceModel);
        const states: ModelState[] = [];
        for (const model of chosen) {
          context.cancellation.throwIfCancelled();
          states.push(await checkModel(model, options, context));
        }
        const good = states.filter(isInOrder).length;
        const rows = states.flatMap((s) => s.workloads.map((w) => ({ model: s.model, ...w })));
        return {
          json: { models: states },
          text: `${formatTable(rows, checkColumns)}\n${good} of ${states.length} models are in order`,
          exitCode: good === states.length ? 0 : 1,
        };
      }),
    );
}

const writeStates = (file: string, rows: readonly ListRow[]): Promise<void> =>
  writeSection(file, {
    name: 'state of the reference models',
    command: `strata models list --write ${file}`,
    body: [
      '## State of the reference models',
      '',
      'Each is a real model file of the published architecture with seeded weights, compiled, run, and compared with ONNX',
      'Runtime on the same file by `strata models check`; the error is max |a - b| / max |b| over all outputs and workloads.',
      '',
      markdownTable(rows, listColumns),
    ].join('\n'),
  });

interface ListRow {
  readonly name: string;
  readonly parameters: number;
  /** Of all weights, by the graph. */
  readonly bytes: number;
  readonly state: string;
  readonly checked: ModelState | undefined;
  readonly summary: string;
}

async function listRow(model: ReferenceModel): Promise<ListRow> {
  const checked = await lastState(model.name);
  const { name, parameters, summary } = model;
  return { name, parameters, bytes: model.graph().weightBytes, state: stateWord(checked), checked, summary };
}

/** The largest error of a state's workloads. */
function worstError(state: ModelState | undefined): string {
  const errors = state?.workloads.flatMap((w) => w.agreement?.relativeError ?? []) ?? [];
  return errors.length === 0 ? '' : Math.max(...errors).toExponential(1);
}

const listColumns: readonly Column<ListRow>[] = [
  { title: 'name', cell: (r) => r.name },
  { title: 'parameters', cell: (r) => r.parameters.toLocaleString('en-US'), align: 'right' },
  { title: 'size', cell: (r) => formatBytes(r.bytes), align: 'right' },
  { title: 'state', cell: (r) => r.state },
  { title: 'error', cell: (r) => worstError(r.checked), align: 'right' },
  { title: 'summary', cell: (r) => r.summary },
];

/** Of quantised tensors, each computed from the reference's. */
const stepsText = (s: StepAgreement): string =>
  `of ${s.elements.toLocaleString('en-US')} elements of ${s.tensors} quantised tensors ${s.beside} differ, by at most ${s.mostSteps} step${s.mostSteps === 1 ? '' : 's'}, at most ${s.fromTie.toExponential(1)} of a step from a tie`;

const checkColumns: readonly Column<WorkloadState & { readonly model: string }>[] = [
  { title: 'model', cell: (r) => r.model },
  { title: 'workload', cell: (r) => r.workload },
  {
    title: 'compiled in',
    cell: (r) => (r.compileNs === undefined ? '' : formatDuration(ns(r.compileNs))),
    align: 'right',
  },
  { title: 'error', cell: (r) => r.agreement?.relativeError.toExponential(1) ?? '', align: 'right' },
  {
    title: 'state',
    cell: (r) =>
      r.problem !== undefined
        ? r.problem.replace(/\s+/g, ' ')
        : r.agreement === undefined
          ? 'runs; there is nothing to compare with'
          : r.agreement.agrees
            ? `agrees with ${r.agreement.reference}`
            : r.steps?.agrees === true
              ? `agrees with ${r.agreement.reference} step by step: ${stepsText(r.steps)}`
              : `DOES NOT AGREE with ${r.agreement.reference} (at most ${r.agreement.tolerance.toExponential(0)})${r.steps === undefined ? '' : `; step by step: ${stepsText(r.steps)}`}`,
    maxWidth: 260,
  },
];
