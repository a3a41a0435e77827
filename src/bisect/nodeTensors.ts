/**
 * The tensors that a model's nodes give, as one way to compute it has them: the interpreter on the model as imported,
 * ONNX Runtime, or a compiled program, whose buffers lead to nodes by provenance.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Tensors } from '../compiler/artifactSession';
import { elementsOf } from '../compiler/compareTensors';
import { interpretModule } from '../compiler/interpretModel';
import { compilerMessages } from '../compiler/messages';
import type { OrtPurpose } from '../compiler/onnxRuntime';
import { OrtReference } from '../compiler/onnxRuntime';
import type { Cancellation } from '../base/cancellation';
import { importOnnx } from '../frontend/onnx/importOnnx';
import { modelCodec } from '../frontend/onnx/proto/onnxProto';
import { readOnnxModel } from '../frontend/onnx/readModel';
import { elementCountOf } from '../frontend/elementType';
import type { ModelNode, Operation, types } from '../ir';
import { modelNodesOf } from '../ir';
import { entryFunction } from '../compiler/interpretModel';
import { elementsFromBytes, makeMemRef } from '../ir/interpreter/tensor';
import { functionsOf } from '../lowering/targets/cpu/kernelFunctions';
import { numbersOf } from './capture';
import { CrashedRun, runKeepingBuffers } from './dispatches';
import { bisectMessages } from './messages';
import type { ProgramRuns } from './programRun';
import type { IrState } from './replay';

export interface NodeTensor {
  /** What it comes from, in graph order: it should be a result of the last. Never empty. */
  readonly nodes: readonly Pick<ModelNode, 'name' | 'position'>[];
  /** The op or kernel that made it. */
  readonly madeBy: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly elements: ArrayLike<number>;
}

/** Of the module as imported: one op for each node. */
export function tensorsOfModel(
  { module, resources }: IrState,
  inputs: Tensors,
  cancellation: Cancellation,
): readonly NodeTensor[] {
  const entry = entryFunction(module);
  const found: NodeTensor[] = [];
  interpretModule(module, resources, inputs, cancellation, {
    watches: (op) => op.parentOp === entry && op.definition?.traits.has('constantLike') !== true,
    onOp: (op, results) => {
      const nodes = modelNodesOf(op.location);
      if (nodes.length === 0) return;
      for (const value of results)
        if (typeof value === 'object')
          found.push({ nodes, madeBy: op.name, shape: value.shape, elements: numbersOf(value) });
    },
  });
  return found;
}

/** Of ONNX Runtime, with every value of the graph as an output. Throws STR0595 where it cannot tell. */
export async function tensorsOfOnnxRuntime(
  file: string,
  inputs: Tensors,
  purpose: OrtPurpose,
): Promise<readonly NodeTensor[]> {
  const fail = (problem: string) => compilerMessages.error('STR0595', { reference: 'onnxruntime', problem });
  if (!file.endsWith('.onnx')) throw fail('it takes .onnx models only');
  const model = readOnnxModel(file);
  const { nodes } = importOnnx(model);
  const { graph } = model.proto;
  if (graph === undefined) throw fail('the model has no graph');
  if (graph.initializer.some((t) => t.externalData.length > 0))
    throw fail('weights in a file of their own are not supported here');
  const given = new Set(graph.output.map((o) => o.name));
  const made = graph.node.flatMap((n) => n.output).filter((name) => name !== '' && !given.has(name));
  const output = [
    ...graph.output,
    ...made.map((name) => ({ name, type: undefined, docString: '', metadataProps: [] })),
  ];
  const folder = mkdtempSync(path.join(tmpdir(), 'strata-nodes-'));
  try {
    const copy = path.join(folder, 'model.onnx');
    writeFileSync(copy, modelCodec.encode({ ...model.proto, graph: { ...graph, output } }));
    const ort = await OrtReference.load(copy, 1, purpose);
    if (ort === undefined) throw fail('the package onnxruntime-node is not installed');
    try {
      const results = await ort.run(inputs);
      return graph.node.flatMap((n, i) =>
        n.output.flatMap((name) => {
          const tensor = results[name];
          const node = nodes[i];
          if (tensor === undefined || node === undefined) return [];
          return [
            {
              nodes: [{ name: node.name, position: node.position }],
              madeBy: n.opType,
              shape: tensor.shape,
              elements: elementsOf(tensor),
            },
          ];
        }),
      );
    } finally {
      await ort.release();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of compiled code: what each kernel wrote, in the order of launches. `state` is what code is made of. */
export async function tensorsOfProgram(
  runs: ProgramRuns,
  state: IrState,
  inputs: Tensors,
  model: string,
): Promise<readonly NodeTensor[]> {
  const kept = await runKeepingBuffers(runs, state, inputs, [1]).catch((error: unknown) => {
    throw error instanceof CrashedRun ? error.cause : error;
  });
  if (kept === undefined)
    throw bisectMessages.error('STR1103', {
      model,
      problem: 'its buffers overlap in part, so that they cannot be kept apart',
    });
  const kernels = new Map<string, Operation>(
    [...functionsOf(state.module).kernels.values()].map((k) => [k.symbol, k.op]),
  );
  const positions = positionsIn(state.module);
  const [outputs] = kept.outputs;
  return kept.instrumented.kept.flatMap(({ step, argument, output }): readonly NodeTensor[] => {
    const { symbol, origins, name } = kept.instrumented.steps[step]!;
    // A buffer that is written again holds what the last one wrote.
    if (kept.instrumented.kept.some((k) => k.output === output && k.step > step)) return [];
    const type = kernels.get(symbol)?.region().blocks[0]!.args[argument]!.type as
      types.MemRefType | undefined;
    const nodes = origins
      .map((n) => ({ name: n, position: positions.get(n) ?? 0 }))
      .sort((a, b) => a.position - b.position);
    if (type === undefined || nodes.length === 0) return [];
    const entry = kept.instrumented.program.entryPoints[0]!;
    const { bytes } = outputs![entry.outputs[output]!.name]!;
    const count = elementCountOf(type.shape);
    const elements = elementsFromBytes(type.element, bytes).slice(0, count);
    return [
      {
        nodes,
        madeBy: name,
        shape: type.shape,
        elements: numbersOf(makeMemRef(type.shape, type.element, elements)),
      },
    ];
  });
}

/** Positions of model nodes, from the locations of a module's ops. */
function positionsIn(module: Operation): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  module.walk((op) => {
    for (const n of modelNodesOf(op.location)) found.set(n.name, n.position);
  });
  return found;
}
