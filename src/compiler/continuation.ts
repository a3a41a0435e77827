/**
 * Starting the pipeline from IR text of any stage: which passes are left. The contracts of the stages tell where the
 * text stands, so a text needs no mark of its own and may be written by hand.
 */
import type { Operation, PipelineStep } from '../ir';
import { modelNodesOf } from '../ir';
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

/** The model nodes that the locations of a text lead to. What kind of node each was, text does not say. */
export function nodesOfText(module: Operation): readonly ModelNodeInfo[] {
  const nodes = new Map<string, ModelNodeInfo>();
  module.walk((op) => {
    for (const { name, position } of modelNodesOf(op.location))
      if (!nodes.has(name)) nodes.set(name, { name, opType: '', position });
  });
  return [...nodes.values()].sort((a, b) => a.position - b.position);
}
