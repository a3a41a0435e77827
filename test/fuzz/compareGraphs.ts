/** Computes random graphs in the interpreter, as generated code and in ONNX Runtime, and compares. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StrataError } from '../../src/base/diagnostics';
import { elementsOf } from '../../src/compiler/compareTensors';
import { interpretModule } from '../../src/compiler/interpretModel';
import { OrtReference } from '../../src/compiler/onnxRuntime';
import { ProgramBatch } from '../../src/compiler/programBatch';
import type { HostTensor } from '../../src/frontend/elementType';
import { importOnnx } from '../../src/frontend/onnx/importOnnx';
import { readOnnxModel } from '../../src/frontend/onnx/readModel';
import type { OptLevel } from '../../src/lowering/pipeline';
import type { RandomGraph } from './randomGraph';
import { inputsOf, modelOf, outputsOf, randomGraph, smallerGraphs, textOf } from './randomGraph';

type Tensors = Readonly<Record<string, HostTensor>>;

export interface Comparison {
  readonly problem: string | undefined;
  /** ONNX Runtime has all operators of the graph in its types. */
  readonly hasReference: boolean;
}
export interface Finding {
  readonly seed: number;
  readonly problem: string;
  /** The smallest graph that was found to fail, for people. */
  readonly text: string;
  readonly model: Uint8Array;
  readonly graph: RandomGraph;
}
export interface FuzzResult {
  readonly graphs: number;
  readonly nodes: number;
  readonly operators: ReadonlySet<string>;
  /** Graphs that ONNX Runtime computed too. */
  readonly withReference: number;
  readonly findings: readonly Finding[];
}

/** Programs that are compiled together. */
const batchSize = 48;
/** A right result may differ from another by the noise of each. */
const slack = 2;

/** Compares the graphs of `count` seeds from `first` on; of those that fail, at most `shrunk` are made smaller. */
export async function fuzzGraphs(
  first: number,
  count: number,
  { optLevel = 2, shrunk = 8, onBatch }: FuzzOptions = {},
): Promise<FuzzResult> {
  const batch = new ProgramBatch({ resourceRoot: process.cwd(), optLevel });
  const findings: Finding[] = [];
  const operators = new Set<string>();
  let nodes = 0;
  let withReference = 0;
  for (let at = 0; at < count; at += batchSize) {
    const graphs = Array.from({ length: Math.min(batchSize, count - at) }, (_, i) =>
      randomGraph(first + at + i),
    );
    for (const n of graphs.flatMap((g) => g.nodes)) operators.add(n.op);
    nodes += graphs.reduce((sum, g) => sum + g.nodes.length, 0);
    const compared = await batch.run(graphs.map((g) => () => compareGraph(g, batch)));
    withReference += compared.filter((c) => c.hasReference).length;
    for (const [i, { problem }] of compared.entries())
      if (problem !== undefined)
        findings.push(
          findings.length < shrunk ? await shrink(graphs[i]!, problem, batch) : finding(graphs[i]!, problem),
        );
    onBatch?.(Math.min(at + batchSize, count), findings.length);
  }
  return { graphs: count, nodes, operators, withReference, findings };
}
/** Compares given graphs; gives what is wrong with each. */
export async function compareAll(
  graphs: readonly RandomGraph[],
  optLevel: OptLevel = 2,
): Promise<readonly Comparison[]> {
  const batch = new ProgramBatch({ resourceRoot: process.cwd(), optLevel });
  return batch.run(graphs.map((g) => () => compareGraph(g, batch)));
}
export interface FuzzOptions {
  readonly optLevel?: OptLevel;
  readonly shrunk?: number;
  readonly onBatch?: (done: number, failed: number) => void;
}

const finding = (graph: RandomGraph, problem: string): Finding => ({
  seed: graph.seed,
  problem,
  text: textOf(graph),
  model: modelOf(graph),
  graph,
});

/** Drops nodes as long as the graph still fails. */
async function shrink(graph: RandomGraph, problem: string, batch: ProgramBatch): Promise<Finding> {
  for (;;) {
    const candidates = smallerGraphs(graph);
    const compared = await batch.run(candidates.map((g) => () => compareGraph(g, batch)));
    const at = compared.findIndex((c) => c.problem !== undefined);
    if (at < 0) return finding(graph, problem);
    graph = candidates[at]!;
    problem = compared[at]!.problem!;
  }
}

async function compareGraph(graph: RandomGraph, batch: ProgramBatch): Promise<Comparison> {
  const bytes = modelOf(graph);
  const inputs = inputsOf(graph);
  const imported = () => importOnnx(readOnnxModel({ bytes, name: `random-${graph.seed}.onnx` }));
  let step = 'interpreter';
  let hasReference = false;
  try {
    const { module, resources } = imported();
    const expected = interpretModule(module, resources, inputs);
    step = 'onnxruntime';
    const reference = await referenceOutputs(bytes, inputs);
    hasReference = reference !== undefined;
    step = 'generated code';
    const again = imported();
    const found = await batch.execute(again.module, again.resources, inputs);
    const problem =
      differenceOf(graph, found, expected, 'generated code', 'the interpreter') ??
      (reference && differenceOf(graph, expected, reference, 'the interpreter', 'ONNX Runtime'));
    return { problem, hasReference };
  } catch (error) {
    return { problem: `${step}: ${reasonOf(error)}`, hasReference };
  }
}

/** A coded error in a line; where an exception without a code was thrown. */
const reasonOf = (error: unknown): string =>
  error instanceof StrataError
    ? `${error.code} ${error.message.split('\n')[0]}`
    : ((error as Error).stack ?? String(error)).split('\n').slice(0, 4).join('\n');

/** Undefined when ONNX Runtime has no such operator in such a type. */
async function referenceOutputs(bytes: Uint8Array, inputs: Tensors): Promise<Tensors | undefined> {
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-fuzz-'));
  try {
    const file = path.join(folder, 'model.onnx');
    writeFileSync(file, bytes);
    const reference = await OrtReference.load(file, 1, 'results');
    try {
      return await reference?.run(inputs);
    } finally {
      await reference?.release();
    }
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function differenceOf(
  graph: RandomGraph,
  found: Tensors,
  expected: Tensors,
  foundBy: string,
  expectedBy: string,
): string | undefined {
  for (const { name, noise } of outputsOf(graph)) {
    const [a, b] = [found[name] ?? found[`${name}.f32`], expected[name] ?? expected[`${name}.f32`]];
    if (a === undefined || b === undefined) return `'${name}' is missing`;
    const [aShape, bShape] = [a, b].map((t) => `${t.elementType}[${t.shape.join(', ')}]`);
    if (aShape !== bShape) return `'${name}' is ${aShape} by ${foundBy}, ${bShape} by ${expectedBy}`;
    const [left, right] = [elementsOf(a), elementsOf(b)];
    const at = left.findIndex((v, i) => v !== right[i]! && !(Math.abs(v - right[i]!) <= slack * noise));
    if (at >= 0)
      return `element ${at} of '${name}' is ${left[at]} by ${foundBy}, ${right[at]} by ${expectedBy} (noise ${noise.toExponential(1)})`;
  }
  return undefined;
}
