/**
 * Two compilations of a model, tensor by tensor: aligned by the model nodes that the tensors come from, whatever became of
 * the ops between. Tells the first node from which on results are apart.
 */
import type { Cancellation } from '../base/cancellation';
import { remainingSteps } from '../compiler/continuation';
import { inputSignatures } from '../compiler/interpretModel';
import type { ModelSource } from '../compiler/loadModel';
import { loadModel } from '../compiler/loadModel';
import type { OrtPurpose } from '../compiler/onnxRuntime';
import type { CpuLevel } from '../compiler/targetDescription';
import { cpuLevels, describeTarget, levelOf, targetAttribute } from '../compiler/targetDescription';
import type { InputSource } from '../compiler/tensors';
import { loadInputs } from '../compiler/tensors';
import type { Tensors } from '../compiler/artifactSession';
import type { PipelineStep } from '../ir';
import { parsePipeline } from '../ir';
import { passes as shippedPasses } from '../lowering/passes/index';
import type { OptLevel } from '../lowering/pipeline';
import { defaultPipeline } from '../lowering/pipeline';
import { bisectMessages } from './messages';
import type { NodeTensor } from './nodeTensors';
import { tensorsOfModel, tensorsOfOnnxRuntime, tensorsOfProgram } from './nodeTensors';
import type { NumericsParts } from './numerics';
import { isProgram, ProgramRuns, shippedBackend } from './programRun';
import { Replay } from './replay';
import type { TensorStatistics, Tolerance } from './tolerance';
import { compareElements, defaultTolerance } from './tolerance';

/** One way to compute a model. */
export type NodeSide =
  | { readonly kind: 'interpreter' }
  | { readonly kind: 'onnxruntime'; readonly purpose: OrtPurpose }
  | { readonly kind: 'compiled'; readonly steps: readonly PipelineStep[]; readonly cpuLevel?: CpuLevel };

export const nodeSideHelp =
  'interpreter, onnxruntime (onnxruntime:off, onnxruntime:all: with its own rewrites off or all on), O0 to O3, or a pipeline as text; @LEVEL behind the last two is the CPU level';

/** A side as text, as `nodeSideHelp` says. Throws STR1106, and what parsing a pipeline throws. */
export function nodeSide(text: string): NodeSide {
  if (text === 'interpreter') return { kind: 'interpreter' };
  const ort = /^onnxruntime(?::(off|all))?$/.exec(text);
  if (ort !== null)
    return {
      kind: 'onnxruntime',
      purpose: ort[1] === 'off' ? 'literal' : ort[1] === 'all' ? 'latency' : 'results',
    };
  const [, pipeline, level] = /^(.*?)(?:@([\w-]+))?$/s.exec(text)!;
  const cpuLevel = cpuLevels.find((l) => l === level);
  if (level !== undefined && cpuLevel === undefined)
    throw bisectMessages.error('STR1106', {
      which: text,
      problem: `there is no CPU level '${level}'; known are ${cpuLevels.join(', ')}`,
    });
  const optLevel = /^-?O([0-3])$/.exec(pipeline!)?.[1];
  const steps =
    optLevel === undefined
      ? parsePipeline(pipeline!, shippedPasses).map((node) => ({ node, stage: 'custom' }))
      : defaultPipeline({ target: 'cpu', optLevel: Number(optLevel) as OptLevel });
  return { kind: 'compiled', steps, ...(cpuLevel === undefined ? {} : { cpuLevel }) };
}

/** A node whose tensor both have. */
export interface NodeRow {
  readonly node: string;
  /** In the model's graph, from 1. */
  readonly position: number;
  readonly expectedBy: string;
  readonly foundBy: string;
  readonly statistics: TensorStatistics;
}

export interface NodeComparison {
  readonly expected: string;
  readonly found: string;
  /** In graph order; a node with several results has several. */
  readonly rows: readonly NodeRow[];
  /** Nodes of which one side keeps no tensor, such as those in the middle of a kernel. */
  readonly inside: number;
}

/** The first node, in graph order, that is beyond tolerance. */
export const firstApart = (c: NodeComparison): NodeRow | undefined =>
  c.rows.find((r) => r.statistics.worst > 1);

export interface CompareNodesRequest extends ModelSource {
  readonly inputs?: ReadonlyMap<string, InputSource>;
  /** As `nodeSide` reads them. */
  readonly expected: string;
  readonly found: string;
  readonly tolerance?: Tolerance;
}

export interface CompareNodesEnvironment {
  /** Folder that holds `native-runner`. */
  readonly resourceRoot: string;
  readonly cancellation: Cancellation;
  readonly onProgress?: (activity: string) => void;
  /** What compiles, where that is not the shipped compiler; its steps stand for those of compiled sides. */
  readonly parts?: NumericsParts;
}

export async function compareNodes(
  request: CompareNodesRequest,
  environment: CompareNodesEnvironment,
): Promise<NodeComparison> {
  const sides = [request.expected, request.found].map(nodeSide);
  const signatures = inputSignatures((await loadModel(request)).module);
  const inputs = loadInputs(
    signatures,
    request.inputs ?? new Map<string, InputSource>(),
    new Map(Object.entries(request.dims ?? {})),
  );
  const tensors: (readonly NodeTensor[])[] = [];
  for (const [i, side] of sides.entries()) {
    environment.cancellation.throwIfCancelled();
    environment.onProgress?.(`running ${[request.expected, request.found][i]}`);
    tensors.push(await tensorsOf(side, request, inputs, environment));
  }
  environment.onProgress?.('comparing');
  const rows = alignByNodes(tensors[0]!, tensors[1]!, request.tolerance ?? defaultTolerance);
  const seen = new Set(rows.map((r) => r.node));
  const all = new Set(tensors.flatMap((t) => t.flatMap((x) => x.nodes.map((n) => n.name))));
  return { expected: request.expected, found: request.found, rows, inside: all.size - seen.size };
}

async function tensorsOf(
  side: NodeSide,
  request: CompareNodesRequest,
  inputs: Tensors,
  environment: CompareNodesEnvironment,
): Promise<readonly NodeTensor[]> {
  const { cancellation, resourceRoot } = environment;
  if (side.kind === 'onnxruntime') return tensorsOfOnnxRuntime(request.model, inputs, side.purpose);
  const state = await loadModel(request);
  if (side.kind === 'interpreter') return tensorsOfModel(state, inputs, cancellation);
  const target = await describeTarget(side.cpuLevel ?? levelOf(state.module));
  state.module.setAttr('strata.target', targetAttribute(target));
  const { steps = side.steps, backend = shippedBackend } = environment.parts ?? {};
  const replay = new Replay(state, remainingSteps(state.module, steps), cancellation);
  replay.run();
  if (replay.failure !== undefined) throw replay.failure.error;
  const last = replay.points[replay.points.length - 1]!.state;
  if (!isProgram(last.module))
    throw bisectMessages.error('STR1106', {
      which: 'compiled',
      problem: 'the pipeline does not end in loops, from which code is made',
    });
  const runs = new ProgramRuns({ target, resourceRoot, cancellation, backend });
  try {
    return await tensorsOfProgram(runs, last, inputs, request.model);
  } finally {
    runs.close();
  }
}

/**
 * Pairs of tensors of the same node, in graph order. A tensor that comes from several nodes should be a result of the
 * last; where it is not like that and like another of them, it is that one's. Of several tensors of a node, the nearest
 * counts. Layouts with channels last are read as the model has them.
 */
export function alignByNodes(
  expected: readonly NodeTensor[],
  found: readonly NodeTensor[],
  tolerance: Tolerance,
): readonly NodeRow[] {
  const byNode = new Map<string, { readonly tensor: NodeTensor; readonly number: number }[]>();
  for (const tensor of expected) {
    const { name } = lastOf(tensor);
    const list = byNode.get(name) ?? [];
    byNode.set(name, [...list, { tensor, number: list.length }]);
  }
  const best = new Map<string, NodeRow>();
  for (const tensor of found) {
    const candidates = [...tensor.nodes].reverse().flatMap((n) => byNode.get(n.name) ?? []);
    const rows = candidates.flatMap(({ tensor: e, number }) => {
      const statistics = compareInLayouts(tensor, e, tolerance);
      return statistics === undefined ? [] : [{ row: rowOf(e, tensor, statistics), number }];
    });
    const chosen = rows.find((r) => r.row.statistics.worst <= 1) ?? rows[0];
    if (chosen === undefined) continue;
    const key = `${chosen.row.node}#${chosen.number}`;
    const known = best.get(key);
    if (known === undefined || chosen.row.statistics.worst <= known.statistics.worst)
      best.set(key, chosen.row);
  }
  return [...best.values()].sort((a, b) => a.position - b.position);
}

const lastOf = ({ nodes }: NodeTensor) => nodes[nodes.length - 1]!;
function rowOf(expected: NodeTensor, found: NodeTensor, statistics: TensorStatistics): NodeRow {
  const { name, position } = lastOf(expected);
  return { node: name, position, expectedBy: expected.madeBy, foundBy: found.madeBy, statistics };
}

const withoutOnes = (shape: readonly number[]): string => shape.filter((d) => d !== 1).join('x');
/** Undefined where no layout of the one has the shape of the other. */
function compareInLayouts(
  found: NodeTensor,
  expected: NodeTensor,
  tolerance: Tolerance,
): TensorStatistics | undefined {
  const wanted = withoutOnes(expected.shape);
  const readings: ArrayLike<number>[] = [];
  if (withoutOnes(found.shape) === wanted) readings.push(found.elements);
  const { shape } = found;
  if (shape.length >= 3) {
    const [n, c] = [shape[0]!, shape[shape.length - 1]!];
    const space = shape.slice(1, -1).reduce((a, b) => a * b, 1);
    if (c > 1 && space > 1 && withoutOnes([n, c, ...shape.slice(1, -1)]) === wanted)
      readings.push(channelsFirst(found.elements, n, space, c));
  }
  const compared = readings.map((r) => compareElements('', expected.shape, r, expected.elements, tolerance));
  return compared.length === 0 ? undefined : compared.reduce((a, b) => (b.worst < a.worst ? b : a));
}
function channelsFirst(x: ArrayLike<number>, n: number, space: number, c: number): Float64Array {
  const out = new Float64Array(x.length);
  for (let b = 0; b < n; b++)
    for (let p = 0; p < space; p++)
      for (let k = 0; k < c; k++) out[(b * c + k) * space + p] = x[(b * space + p) * c + k]!;
  return out;
}
