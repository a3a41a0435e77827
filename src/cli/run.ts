/** `strata run`: runs an artifact or model, writes outputs, and compares with a reference on request. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { formatTable } from '../base/table';
import { formatDuration, ns, threeDigits } from '../base/units';
import { median } from '../compiler/artifactSession';
import type { Agreement } from '../compiler/compilation';
import { agreementOf, elementsOf } from '../compiler/compareTensors';
import { OrtReference } from '../compiler/onnxRuntime';
import { reasonOf } from '../compiler/readText';
import { loadInputs } from '../compiler/tensors';
import type { HostTensor } from '../frontend/elementType';
import { writeTensorFile } from '../frontend/tensorFile';
import type { ArtifactOptions } from './compileOptions';
import { inputSources, withSession } from './artifactFor';
import { addCompileOptions } from './compileOptions';
import { interpretFile } from './compileFile';
import { cliMessages } from './messages';
import { collect, integerOption, numberOption, wordOption } from './options';
import type { CommandContext } from './output';
import { runCommand } from './output';
import { replaceFile } from './replaceFile';

const references = ['onnxruntime', 'interpreter'] as const;

interface RunCommandOptions extends ArtifactOptions {
  readonly outputDir?: string;
  readonly device: string;
  readonly threads?: string;
  readonly entry?: string;
  readonly check?: string;
  readonly model?: string;
  readonly tolerance: string;
  readonly json?: boolean;
}

export function configureRun(command: Command): void {
  addCompileOptions(command)
    .argument('<file>', '.strata artifact, .onnx model or .mlir text')
    .option('--input <name=source>', 'FILE.npy, FILE.pb or random:SEED (default: random:0)', collect)
    .option('--output-dir <dir>', 'write the outputs as .npy files')
    .option('--device <name>', 'cpu', 'cpu')
    .option('--threads <n>', 'number of threads (default: all processors)')
    .option('--entry <name>', 'entry point (default: the first)')
    .option('--check <reference>', 'compare with onnxruntime or interpreter; exit code 1 when they disagree')
    .option('--model <file>', 'the model that an artifact was made from, for --check')
    .option('--tolerance <x>', 'largest relative error for --check', '1e-4')
    .option('--json', 'print one JSON document')
    .action((file: string, options: RunCommandOptions) =>
      runCommand(options.json === true, (context) => {
        wordOption('--device', options.device, ['cpu']);
        if (options.check !== undefined) wordOption('--check', options.check, references);
        const tolerance = numberOption('--tolerance', options.tolerance);
        const threads =
          options.threads === undefined ? {} : { threads: integerOption('--threads', options.threads, 1) };
        return withSession(file, options, context, async ({ session, model, dims }) => {
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
          const { outputs, timings } = await session.run(inputs, {
            entry: entry.name,
            ...threads,
          });
          const files = options.outputDir === undefined ? {} : await writeOutputs(outputs, options.outputDir);
          const agreement =
            options.check === undefined
              ? undefined
              : await check(options.check, options.model ?? model, inputs, outputs, tolerance, context);
          const rows = Object.entries(outputs).map(([name, t]) => describe(name, t));
          const time = median(timings.iterationNs);
          const lines = [
            formatTable(rows, [
              { title: 'output', cell: (r) => r.name },
              { title: 'type', cell: (r) => r.type },
              { title: 'min', cell: (r) => (r.first.length === 0 ? '' : number(r.min)), align: 'right' },
              { title: 'max', cell: (r) => (r.first.length === 0 ? '' : number(r.max)), align: 'right' },
              { title: 'mean', cell: (r) => (r.first.length === 0 ? '' : number(r.mean)), align: 'right' },
              { title: 'first values', cell: (r) => r.first.map(number).join(' ') },
            ]),
            `ran in ${formatDuration(ns(time))} on ${timings.threads} thread${timings.threads === 1 ? '' : 's'}${timings.entry === entry.name ? '' : `, as ${timings.entry}`}`,
            ...session.programNotes,
            ...Object.values(files).map((f) => `wrote ${f}`),
            ...(agreement === undefined ? [] : [agreementText(agreement)]),
          ];
          return {
            json: {
              entry: timings.entry,
              program: session.program,
              threads: timings.threads,
              durationNs: time,
              outputs: rows,
              files,
              agreement,
            },
            text: lines.join('\n'),
            exitCode: agreement?.agrees === false ? 1 : 0,
          };
        });
      }),
    );
}

const number = (x: number): string =>
  Number.isInteger(x)
    ? String(x)
    : Math.abs(x) >= 1e-3 && Math.abs(x) < 1e6
      ? threeDigits(x)
      : x.toExponential(2);

export const agreementText = (a: Agreement): string =>
  `${a.agrees ? 'agrees' : 'DOES NOT AGREE'} with ${a.reference}: relative error ${a.relativeError.toExponential(1)} (at most ${a.tolerance.toExponential(0)})`;

function describe(
  name: string,
  t: HostTensor,
): { name: string; type: string; min: number; max: number; mean: number; first: readonly number[] } {
  const v = elementsOf(t);
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const x of v) {
    min = Math.min(min, x);
    max = Math.max(max, x);
    sum += x;
  }
  return {
    name,
    type: `${t.elementType}[${t.shape.join(', ')}]`,
    min,
    max,
    mean: sum / v.length,
    first: [...v.slice(0, 4)],
  };
}

/** One `.npy` file for each output, by the name of the output. */
async function writeOutputs(
  outputs: Readonly<Record<string, HostTensor>>,
  folder: string,
): Promise<Record<string, string>> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw cliMessages.error('STR0004', { path: folder, problem: reasonOf(cause) }, { cause });
  }
  const files: Record<string, string> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    const file = path.join(folder, `${name.replace(/[^\w.-]+/g, '_')}.npy`);
    await replaceFile(file, (to) => {
      writeTensorFile(to, tensor, name);
    });
    files[name] = file;
  }
  return files;
}

/** Runs the reference on the same inputs. */
export async function check(
  reference: string,
  model: string | undefined,
  inputs: Readonly<Record<string, HostTensor>>,
  outputs: Readonly<Record<string, HostTensor>>,
  tolerance: number,
  context: CommandContext,
): Promise<Agreement> {
  const which = wordOption('--check', reference, references);
  if (model === undefined)
    throw cliMessages.error('STR0007', {
      reference,
      problem: 'the artifact was given without its model (--model FILE)',
    });
  if (which === 'interpreter')
    return agreementOf(outputs, await interpretFile(model, inputs, context), 'the interpreter', tolerance);
  const ort = await OrtReference.load(model, 1, 'results');
  if (ort === undefined)
    throw cliMessages.error('STR0007', {
      reference,
      problem: 'the package onnxruntime-node is not installed',
    });
  try {
    return agreementOf(outputs, await ort.run(inputs), `ONNX Runtime ${ort.version}`, tolerance);
  } finally {
    await ort.release();
  }
}
