/**
 * Starting the pipeline from IR text of any stage: which passes are left. The contracts of the stages tell where the
 * text stands, so a text needs no mark of its own and may be written by hand.
 */
import type { Operation, PipelineStep } from '../ir';
import { modelNodeLoc, modelNodesOf, needsProvenance } from '../ir';
import { stageNamed, stages } from '../lowering/stages';
import type { StageName } from '../lowering/stages';
import type { ModelNodeInfo } from './compilation';

/** Dialects that only come with loops. */
const loopDialects = new Set(['scf', 'vector', 'memref']);

/** The stage that the module is in: the first whose contract it meets. */
export function stageOf(module: Operation): StageName {
  const complete = stages.find((s) => s.name !== 'import' && module.find((op) => !s.allows(op)).length === 0);
  if (complete !== undefined) return complete.name;
  // Between its first pass and its last, the loops stage has tensors beside loops.
  const started = module.find((op) => loopDialects.has(op.dialect)).length > 0;
  const foreign = module.find((op) => ['onnx', 'nn'].includes(op.dialect)).length > 0;
  return started && !foreign ? 'loops' : 'import';
}

/**
 * The steps that remain. The first step of a stage brings the IR there and is left out with all before it; the others
 * improve what they find, so they run again.
 */
export function remainingSteps(module: Operation, steps: readonly PipelineStep[]): readonly PipelineStep[] {
  const stage = stageOf(module);
  if (stage === 'import') return steps;
  const order = stages.map((s) => s.name as string);
  const at = order.indexOf(stageNamed(stage).name);
  const first = steps.findIndex((s) => s.stage === stage);
  return steps.filter((s, i) => order.indexOf(s.stage) >= at && i !== first);
}

/**
 * Makes model nodes of the ops of a text `file` that come from none: `linalg.matmul:12` of line 12. Where the text says what its
 * ops come from, it is left as it is.
 */
export function nameOwnNodes(module: Operation, file: string): void {
  const ops: Operation[] = [];
  module.walk((op) => void ops.push(op));
  if (ops.some((op) => modelNodesOf(op.location).length > 0)) return;
  for (const op of ops) {
    const { location } = op;
    if (op !== module && location.kind === 'file' && location.file === file && needsProvenance(op))
      op.location = modelNodeLoc(file, `${op.name}:${location.line}`, location.line);
  }
}

/** The model nodes that the locations of a text lead to; an op that is one itself is so at its line. */
export function nodesOfText(module: Operation, file: string): readonly ModelNodeInfo[] {
  const nodes = new Map<string, ModelNodeInfo>();
  module.walk((op) => {
    for (const { name, position, model } of modelNodesOf(op.location)) {
      if (nodes.has(name)) continue;
      const own = model === file && name === `${op.name}:${position}`;
      // What kind of node each other was, text does not say.
      nodes.set(name, { name, opType: own ? op.name : '', position, ...(own ? { line: position } : {}) });
    }
  });
  return [...nodes.values()].sort((a, b) => a.position - b.position);
}
