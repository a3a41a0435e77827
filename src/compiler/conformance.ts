/**
 * Runs ONNX backend cases through the interpreter or through generated code, one after another in one warm process,
 * and compares with what each case expects. Used by `strata conformance` and by the conformance tests.
 */
import path from 'node:path';
import type { Cancellation } from '../base/cancellation';
import { neverCancelled } from '../base/cancellation';
import { StrataError } from '../base/diagnostics';
import type { HostTensor } from '../frontend/elementType';
import { importOnnx } from '../frontend/onnx/importOnnx';
import type { OnnxModel } from '../frontend/onnx/readModel';
import { readOnnxModel } from '../frontend/onnx/readModel';
import type { ConformanceCase } from './conformanceCases';
import { dataSetsOf, toleranceOf } from './conformanceCases';
import { differenceOf } from './conformanceCompare';
import type { HostValue, HostValues } from './hostValue';
import { interpretModule, interpretStage } from './interpretModel';
import { ProgramBatch } from './programBatch';
import type { Execute } from './staged/stageFunction';
import { needsHost, StagedModel } from './staged/stagedRun';

export const conformanceTargets = ['interpreter', 'cpu'] as const;
export type ConformanceTarget = (typeof conformanceTargets)[number];

export interface CaseResult {
  readonly name: string;
  /** The operator that the case is about: that of the only node, else of the model's name. */
  readonly operator: string;
  /** `expected`: it failed, and is on the list of expected failures. `unexpected`: it passed, and is on the list. */
  readonly state: 'passed' | 'failed' | 'expected' | 'unexpected';
  /** The reason on the list of expected failures, else what went wrong; one line. */
  readonly reason: string | undefined;
  /** What went wrong, expected or not; one line. */
  readonly problem: string | undefined;
  readonly milliseconds: number;
}

export interface ConformanceOptions {
  readonly target: ConformanceTarget;
  /** Milliseconds that one case may take. */
  readonly timeLimit: number;
  /** Cases that cannot pass yet, with the reason. */
  readonly expectedFailures: ReadonlyMap<string, string>;
  /** Folder that holds `native-runner`; for target `cpu`. */
  readonly resourceRoot: string;
  readonly cancellation?: Cancellation;
  readonly onResult?: (result: CaseResult, index: number) => void;
}

/** Cases whose programs are compiled together. */
const batchSize = 96;

export async function runConformance(
  cases: readonly ConformanceCase[],
  options: ConformanceOptions,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  const note = (result: CaseResult): void => {
    options.onResult?.(result, results.push(result) - 1);
  };
  if (options.target === 'interpreter') {
    for (const c of cases) {
      options.cancellation?.throwIfCancelled();
      note(await runCase(c, options, interpretStage));
    }
    return results;
  }
  const batch = new ProgramBatch(options);
  for (let first = 0; first < cases.length; first += batchSize) {
    options.cancellation?.throwIfCancelled();
    const some = cases.slice(first, first + batchSize);
    const execute: Execute = (stage, inputs) => {
      const { module, resources } = stage.make();
      return batch.execute(module, resources, inputs);
    };
    for (const r of await batch.run(some.map((c) => () => runCase(c, options, execute)))) note(r);
  }
  return results;
}

async function runCase(
  c: ConformanceCase,
  options: ConformanceOptions,
  execute: Execute,
): Promise<CaseResult> {
  const start = performance.now();
  let operator = operatorOfName(c.name);
  let problem: string | undefined;
  // Compiled programs wait for those of their batch.
  const patience = options.target === 'cpu' ? 30 : 1;
  const limit = deadline(patience * options.timeLimit, options.cancellation ?? neverCancelled);
  try {
    const model = readOnnxModel(path.join(c.folder, 'model.onnx'));
    operator = operatorOf(model, c.name);
    problem = await problemOf(c, model, execute, limit);
  } catch (error) {
    options.cancellation?.throwIfCancelled();
    problem = oneLine(error);
  }
  const milliseconds = performance.now() - start;
  if (options.target === 'interpreter' && problem === undefined && milliseconds > options.timeLimit)
    problem = `it took longer than ${options.timeLimit} ms`;
  const expected = options.expectedFailures.get(c.name);
  const state =
    problem === undefined
      ? expected === undefined
        ? 'passed'
        : 'unexpected'
      : expected === undefined
        ? 'failed'
        : 'expected';
  return {
    name: c.name,
    operator,
    state,
    reason: expected ?? problem,
    problem,
    milliseconds,
  };
}

async function problemOf(
  c: ConformanceCase,
  model: OnnxModel,
  execute: Execute,
  cancellation: Cancellation,
): Promise<string | undefined> {
  const tolerance = toleranceOf(c.folder);
  const run = async (inputs: HostValues): Promise<HostValues> => {
    // The interpreter runs sizes that depend on data and control flow as they are.
    if (execute !== interpretStage || needsHost(model))
      return new StagedModel(model).run(inputs, { execute, cancellation });
    const { module, resources } = importOnnx(model);
    return valuesOf(interpretModule(module, resources, tensorsOf(inputs), cancellation));
  };
  for (const { inputs, outputs } of dataSetsOf(c.folder, model)) {
    const found = await run(inputs);
    for (const [name, expected] of Object.entries(outputs)) {
      const difference = differenceOf(found[name], expected, tolerance);
      if (difference !== undefined) return `output '${name}': ${difference}`;
    }
  }
  return undefined;
}

function tensorsOf(values: HostValues): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, v]) => {
      if (v.kind !== 'tensor') throw new TypeError(`input '${name}' is a ${v.kind}, which cannot be given`);
      return [name, v.tensor];
    }),
  );
}
const valuesOf = (tensors: Readonly<Record<string, HostTensor>>): Record<string, HostValue> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, { kind: 'tensor', tensor }]));

/** Ends work that polls, `limit` milliseconds from now or when `outer` is cancelled. */
function deadline(limit: number, outer: Cancellation): Cancellation {
  const end = performance.now() + limit;
  return {
    signal: AbortSignal.any([outer.signal, AbortSignal.timeout(limit)]),
    throwIfCancelled: () => {
      outer.throwIfCancelled();
      if (performance.now() > end) throw new Error(`it took longer than ${limit} ms`);
    },
  };
}

/** The message as one line, without the parts that name the case's own files. */
function oneLine(error: unknown): string {
  const text =
    error instanceof StrataError
      ? `${error.diagnostic.code} ${error.diagnostic.text}`
      : error instanceof Error
        ? `${error.name}: ${error.message}`
        : String(error);
  return text
    .replace(/\S*[\\/]([^\\/\s]+\.onnx)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}

const operatorOfName = (name: string): string => name.replace(/^test_/, '').split('_')[0]!;
/** Expanded cases belong to the operator whose definition they spell out. */
function operatorOf(model: OnnxModel, name: string): string {
  const { node } = model.graph;
  const own = node.filter((n) => n.opType !== 'Constant');
  if (!name.includes('_expanded') && own.length > 0) return own[own.length - 1]!.opType;
  return `${operatorOfName(name)} (expanded)`;
}
