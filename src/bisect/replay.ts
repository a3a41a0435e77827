/**
 * A pipeline that was run once and can be run again from any of its passes, with rewrites held back: what a search walks
 * over. Keeps the module after each pass that changed something.
 */
import type { Cancellation } from '../base/cancellation';
import type { Operation, PassRecord, PipelineNode, PipelineStep, RewriteControl, RewriteRecord } from '../ir';
import { ResourceStore, runPipeline } from '../ir';
import { registry } from '../ir/dialects/index';

/** IR at one place of the pipeline, with the blobs that it names. */
export interface IrState {
  readonly module: Operation;
  readonly resources: ResourceStore;
}

/** A pass of the pipeline that changed something, or the import. */
export interface ReplayPoint {
  readonly record: PassRecord;
  /** After the pass. */
  readonly state: IrState;
  /** Rewrites of the pass, in order. */
  readonly rewrites: readonly RewriteRecord[];
}

/** Each pass as a step of its own, without the contract of its stage: with rewrites held back it need not hold. */
export function singlePasses(steps: readonly PipelineStep[]): readonly PipelineStep[] {
  const flatten = (node: PipelineNode): readonly PipelineNode[] =>
    node.kind === 'pass'
      ? [node]
      : node.children
          .flatMap(flatten)
          .map((child) => (node.anchor === 'builtin.module' ? child : { ...node, children: [child] }));
  return steps.flatMap((s) => flatten(s.node).map((node) => ({ node, stage: s.stage })));
}

export function forkResources(store: ResourceStore): ResourceStore {
  const copy = new ResourceStore();
  for (const [key, blob] of store.entries) copy.set(key, blob);
  return copy;
}
const fork = (state: IrState): IrState => ({
  module: state.module.clone(),
  resources: forkResources(state.resources),
});

export class Replay {
  readonly points: ReplayPoint[] = [];
  /** What stopped the pipeline, when a pass threw; the points are those before it. */
  failure: { readonly pass: string; readonly step: number; readonly error: unknown } | undefined;
  readonly #steps: readonly PipelineStep[];

  constructor(
    /** Not changed. */
    readonly input: IrState,
    steps: readonly PipelineStep[],
    readonly cancellation: Cancellation,
    readonly control: { readonly skipRules?: ReadonlySet<string> } = {},
  ) {
    this.#steps = singlePasses(steps);
  }

  /** Names of the passes, in order. */
  get passes(): readonly string[] {
    return this.#steps.map((s) => passName(s.node));
  }

  /** Runs all passes, keeping the points. `controls` say which applications may happen, by index of the pass. */
  run(controls: ReadonlyMap<number, RewriteControl> = new Map()): void {
    let state = fork(this.input);
    this.points.push(this.#imported());
    for (let i = 0; i < this.#steps.length; i++) {
      try {
        const point = this.runStep(i, state, controls.get(i) ?? {});
        if (point.record.changed) {
          this.points.push(point);
          state = fork(point.state);
        } else state = point.state;
      } catch (error) {
        this.cancellation.throwIfCancelled();
        this.failure = { pass: passName(this.#steps[i]!.node), step: i, error };
        return;
      }
    }
  }

  /** Runs one pass on a copy that it may keep. */
  runStep(step: number, from: IrState, control: RewriteControl): ReplayPoint {
    const { module, resources } = fork(from);
    const { passes, rewrites } = runPipeline(module, [this.#steps[step]!], {
      registry,
      resources,
      cancellation: this.cancellation,
      control: { ...this.control, ...control },
      keepSnapshots: false,
    });
    const record = { ...passes[1]!, index: step + 1, stage: this.#steps[step]!.stage };
    return { record, state: { module, resources }, rewrites };
  }
  #imported(): ReplayPoint {
    const { passes } = runPipeline(this.input.module, [], {
      registry,
      resources: this.input.resources,
      cancellation: this.cancellation,
      keepSnapshots: false,
    });
    return { record: passes[0]!, state: this.input, rewrites: [] };
  }

  /** Runs the passes behind `step` too; throws what one of them throws. */
  finish(step: number, from: IrState): IrState {
    let state = from;
    for (let i = step + 1; i < this.#steps.length; i++) state = this.runStep(i, state, {}).state;
    return state;
  }
}

function passName(node: PipelineNode): string {
  return node.kind === 'pass' ? node.pass.text : node.children.map(passName).join(',');
}
