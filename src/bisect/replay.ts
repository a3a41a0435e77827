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
  #controls: ReadonlyMap<number, RewriteControl> = new Map();

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

  /** What is held back of a pass, by its index. */
  controlOf(step: number): RewriteControl {
    return this.#controls.get(step) ?? {};
  }

  /**
   * Runs all passes, keeping the points. `controls` say which applications may happen, by index of the pass. What `from`, a
   * replay of the same steps and input, has done alike is taken from it.
   */
  run(controls: ReadonlyMap<number, RewriteControl> = new Map(), from?: Replay): void {
    this.#controls = controls;
    const kept = from?.pointsBefore(this.#firstDifference(from, controls)) ?? [];
    this.points.push(...kept);
    const start = kept[kept.length - 1];
    const state = fork(start?.state ?? this.input);
    let step = start?.record.index ?? 0;
    try {
      while (step < this.#steps.length) {
        // Passes that nothing of their own is held back of run as one pipeline, which reads the IR between them once.
        let end = step + 1;
        if (!controls.has(step)) while (end < this.#steps.length && !controls.has(end)) end++;
        this.#runSteps(step, end, state, controls.get(step) ?? {}, (point) => {
          if (point.record.index > 0) step = point.record.index;
          if (point.record.index === 0 ? this.points.length === 0 : point.record.changed)
            this.points.push({ ...point, state: point.record.index === 0 ? this.input : fork(state) });
        });
      }
    } catch (error) {
      this.cancellation.throwIfCancelled();
      this.failure = { pass: passName(this.#steps[step]!.node), step, error };
    }
  }

  /** Points before the pass at `step`. */
  pointsBefore(step: number): readonly ReplayPoint[] {
    return this.points.filter((p) => p.record.index <= step);
  }
  /** The first pass that may do something else than it did in `other`. */
  #firstDifference(other: Replay, controls: ReadonlyMap<number, RewriteControl>): number {
    const count = this.#steps.length;
    let first = count;
    const skips = (c: RewriteControl | undefined): string =>
      [...(c?.skip ?? [])].sort((a, b) => a - b).join();
    for (let i = count - 1; i >= 0; i--)
      if (skips(controls.get(i)) !== skips(other.#controls.get(i))) first = i;
    const [mine, theirs] = [this.control.skipRules, other.control.skipRules].map(
      (r) => new Set<string>(r ?? []),
    ) as [Set<string>, Set<string>];
    // A rule that the other held back may apply anywhere; one that it applied is in its records.
    if ([...theirs].some((r) => !mine.has(r))) return 0;
    const held = other.points.find((p) => p.rewrites.some((r) => mine.has(r.rule)));
    return Math.min(first, (held?.record.index ?? count) - 1, other.failure?.step ?? count);
  }

  /** Runs one pass on a copy that it may keep. */
  runStep(step: number, from: IrState, control: RewriteControl): ReplayPoint {
    const state = fork(from);
    let last: Omit<ReplayPoint, 'state'> | undefined;
    this.#runSteps(step, step + 1, state, control, (point) => {
      last = point;
    });
    return { ...last!, state };
  }

  /** Runs passes on `state` in place and tells of each, and first of what it begins with as if it were the import. */
  #runSteps(
    begin: number,
    end: number,
    { module, resources }: IrState,
    control: RewriteControl,
    onPoint: (point: Omit<ReplayPoint, 'state'>) => void,
  ): void {
    runPipeline(module, this.#steps.slice(begin, end), {
      registry,
      resources,
      cancellation: this.cancellation,
      control: { ...this.control, ...control },
      keepSnapshots: false,
      onRecord: (record, rewrites) => {
        const index = record.index === 0 ? 0 : begin + record.index;
        onPoint({ record: { ...record, index }, rewrites });
      },
    });
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
