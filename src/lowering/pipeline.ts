/** The default pipelines: lists of named passes, read top to bottom, with the stage that each belongs to. */
import type { Pass, PipelineNode, PipelineStep } from '../ir';
import { pipelineText } from '../ir';
import { loweringMessages } from './messages';
import { passes } from './passes';
import type { StageName } from './stages';
import { stageNamed } from './stages';

/** What code is made for. */
export const targetNames = ['cpu'] as const;
export type TargetName = (typeof targetNames)[number];

/**
 * 0: only what is needed to run. 1: also simplifies ops and folds constants and batch normalisation. 2: also fuses ops
 * into kernels. 3: also chooses layouts and ways to convolve. The default is 3.
 */
export type OptLevel = 0 | 1 | 2 | 3;

export interface PipelineOptions {
  readonly target: TargetName;
  readonly optLevel: OptLevel;
}
export const defaultOptions: PipelineOptions = { target: 'cpu', optLevel: 3 };

/** A pass of the plan: from which level on it runs, and with which options. */
interface Planned {
  readonly stage: StageName;
  readonly pass: string;
  readonly from?: OptLevel;
  readonly options?: (level: OptLevel) => Readonly<Record<string, string>>;
  /** Runs on the module even though it could run on functions. */
  readonly onModule?: boolean;
}

const cpuPlan: readonly Planned[] = [
  { stage: 'graph', pass: 'convert-onnx-to-nn' },
  { stage: 'graph', pass: 'canonicalize', from: 1 },
  { stage: 'graph', pass: 'integer-products', from: 2 },
  { stage: 'graph', pass: 'fold-constants', from: 1 },
  { stage: 'graph', pass: 'fold-batch-norm', from: 1 },
  { stage: 'graph', pass: 'channels-last', from: 3 },
  { stage: 'graph', pass: 'canonicalize', from: 1 },
  { stage: 'graph', pass: 'fold-constants', from: 1 },
  { stage: 'graph', pass: 'cse', from: 1 },
  { stage: 'graph', pass: 'dce' },

  { stage: 'structured', pass: 'lower-nn-to-linalg' },
  { stage: 'structured', pass: 'convert-elementwise-to-linalg' },
  { stage: 'structured', pass: 'generalize-named-ops' },
  { stage: 'structured', pass: 'emulate-narrow-floats' },
  { stage: 'structured', pass: 'canonicalize', from: 1 },
  { stage: 'structured', pass: 'winograd-convolutions', from: 3 },
  { stage: 'structured', pass: 'cse', from: 1 },
  { stage: 'structured', pass: 'fuse-elementwise', from: 2 },
  { stage: 'structured', pass: 'dce', from: 1 },

  { stage: 'dispatch', pass: 'form-dispatches', options: (level) => ({ followers: String(level >= 2) }) },
  { stage: 'dispatch', pass: 'cse', from: 1 },
  { stage: 'dispatch', pass: 'fuse-rows', from: 2 },
  { stage: 'dispatch', pass: 'dce' },

  { stage: 'scheduled', pass: 'pack-dots', from: 3 },
  { stage: 'scheduled', pass: 'pack-weights', from: 3 },
  { stage: 'scheduled', pass: 'pack-operands', from: 3 },
  { stage: 'scheduled', pass: 'choose-schedules' },

  { stage: 'loops', pass: 'lower-to-loops' },
  { stage: 'loops', pass: 'canonicalize', from: 1 },
  { stage: 'loops', pass: 'cse', from: 1 },
  { stage: 'loops', pass: 'bufferize' },
  { stage: 'loops', pass: 'plan-arena' },
  { stage: 'loops', pass: 'dce' },
];
const plans: { readonly [T in TargetName]: readonly Planned[] } = { cpu: cpuPlan };

export const isTarget = (name: string): name is TargetName =>
  (targetNames as readonly string[]).includes(name);

/** The steps from an imported module to the last stage before code. Throws STR0503 for an unknown target. */
export function defaultPipeline(options: Partial<PipelineOptions> = {}): readonly PipelineStep[] {
  const { target, optLevel } = { ...defaultOptions, ...options };
  if (!isTarget(target)) throw loweringMessages.error('STR0503', { found: target, known: targetNames });
  const chosen = plans[target].filter((p) => (p.from ?? 0) <= optLevel);
  return chosen.map((planned, i) => {
    const last = chosen[i + 1]?.stage !== planned.stage;
    return {
      node: nodeOf(planned, optLevel),
      stage: planned.stage,
      ...(last ? { establishes: stageNamed(planned.stage) } : {}),
    };
  });
}

function nodeOf(planned: Planned, level: OptLevel): PipelineNode {
  const pass = passNamed(planned.pass);
  return { kind: 'pass', pass: pass.configure(new Map(Object.entries(planned.options?.(level) ?? {}))) };
}
function passNamed(name: string): Pass {
  const pass = passes.find((p) => p.name === name);
  if (pass === undefined)
    throw new Error(`the plan names a pass '${name}' that is not in the list of passes`);
  return pass;
}

/** The pipeline as `strata opt --passes` takes it. */
export const textOfPipeline = (steps: readonly PipelineStep[]): string =>
  `builtin.module(${pipelineText(steps.map((s) => s.node))})`;
