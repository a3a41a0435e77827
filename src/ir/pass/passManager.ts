/**
 * Runs a pipeline and records it: per pass the time, whether it changed anything, the rewrites and the IR after it
 * (kept once when unchanged). After each pass it checks what the pass changed, the stage's contract and provenance.
 */
import type { Cancellation } from '../../base/cancellation';
import { neverCancelled } from '../../base/cancellation';
import type { Operation } from '../operation';
import type { Registry } from '../registry';
import type { ResourceStore } from '../resources';
import type { RewriteControl, RewriteRecord } from '../rewrite/record';
import { RewriteRecorder } from '../rewrite/record';
import { Rewriter } from '../rewrite/rewriter';
import type { Problem } from '../verifier';
import { missingProvenance, verify, verifierError, verifyParts } from '../verifier';
import { passMessages } from './messages';
import type { ConfiguredPass } from './pass';
import type { PipelineNode } from './pipelineText';
import type { SnapshotState } from './snapshotParts';
import { SnapshotParts } from './snapshotParts';
import { functionTexts, SnapshotStates } from './snapshotStates';

/** What may remain after a pass; see `lowering/stages.ts`. */
export interface StageContract {
  readonly name: string;
  /** Whether the op may be there when the stage is complete. */
  readonly allows: (op: Operation) => boolean;
}

/** A pass of the pipeline with where it runs and the stage it belongs to. */
export interface PipelineStep {
  readonly node: PipelineNode;
  /** Name of the phase that the views show it under. */
  readonly stage: string;
  /** The contract that holds once this step has run. */
  readonly establishes?: StageContract;
}

export interface PassRecord {
  /** Position in the compilation, from 0; 0 is the imported module. */
  readonly index: number;
  readonly stage: string;
  /** With its options: `form-dispatches{max-ops=4}`. */
  readonly pass: string;
  readonly summary: string;
  /** From the start of the compilation. */
  readonly startNs: number;
  readonly durationNs: number;
  readonly changed: boolean;
  /** Symbols whose text differs from before, appeared or went away. */
  readonly changedFunctions: readonly string[];
  readonly opCountBefore: number;
  readonly opCountAfter: number;
  /** Range in the list of rewrites: [first, end). */
  readonly rewrites: readonly [number, number];
  /** The IR after the pass: key into `snapshots`. */
  readonly snapshot: string;
}

export interface PipelineRecord {
  readonly passes: readonly PassRecord[];
  readonly rewrites: readonly RewriteRecord[];
  readonly snapshots: SnapshotStates;
}

/** The record as plain data, which threads can be sent. */
export interface PipelineData extends Pick<PipelineRecord, 'passes' | 'rewrites'> {
  readonly states: SnapshotStates['states'];
}
export const pipelineData = ({ passes, rewrites, snapshots }: PipelineRecord): PipelineData => ({
  passes,
  rewrites,
  states: snapshots.states,
});
export const pipelineOf = ({ passes, rewrites, states }: PipelineData): PipelineRecord => ({
  passes,
  rewrites,
  snapshots: new SnapshotStates(states),
});

export interface RunOptions {
  readonly registry: Registry;
  readonly resources: ResourceStore;
  readonly cancellation?: Cancellation;
  readonly control?: RewriteControl;
  /** Called as each pass begins. */
  readonly onPass?: (pass: {
    readonly name: string;
    readonly stage: string;
    readonly index: number;
    readonly count: number;
  }) => void;
  /** Called when a pass is done, with the rewrites that it applied; their indices count applications of the pass. */
  readonly onRecord?: (record: PassRecord, rewrites: readonly RewriteRecord[]) => void;
  /** Stop after the first pass with this name, or after the last one of the stage with this name. */
  readonly stopAfter?: string;
  /** Check the IR after each pass (default), or only at the end. */
  readonly verifyEach?: boolean;
  /** Keep the IR of each pass (default), or only of the last one. */
  readonly keepSnapshots?: boolean;
}

/** Runs `steps` on `module` in place. Throws what a pass throws, STR0204 … STR0206 when a check fails. */
export function runPipeline(
  module: Operation,
  steps: readonly PipelineStep[],
  options: RunOptions,
): PipelineRecord {
  const run = new PipelineRun(module, options);
  const passes = steps.flatMap((s) => flatten(s.node, [module.name]).map((p) => ({ ...p, step: s })));
  const count = passes.length;
  for (const [i, { pass, anchors, step }] of passes.entries()) {
    options.cancellation?.throwIfCancelled();
    options.onPass?.({ name: pass.pass.name, stage: step.stage, index: i, count });
    const last = passes[i + 1]?.step !== step;
    run.pass(pass, anchors, step.stage, last ? step.establishes : undefined);
    if (options.stopAfter === pass.pass.name) break;
    if (options.stopAfter === step.stage && passes[i + 1]?.step.stage !== step.stage) break;
  }
  return run.finish();
}

interface FlatPass {
  readonly pass: ConfiguredPass;
  /** Op names from the module down to what the pass runs on. */
  readonly anchors: readonly string[];
}
function flatten(node: PipelineNode, anchors: readonly string[]): readonly FlatPass[] {
  if (node.kind === 'nest') {
    const inner = node.anchor === anchors[anchors.length - 1] ? anchors : [...anchors, node.anchor];
    return node.children.flatMap((c) => flatten(c, inner));
  }
  const { anchor } = node.pass.pass;
  const here = anchors[anchors.length - 1]!;
  if (anchor === 'any' || anchor === here) return [{ pass: node.pass, anchors }];
  if (here === 'builtin.module') return [{ pass: node.pass, anchors: [...anchors, anchor] }];
  throw passMessages.error('STR0209', { pass: node.pass.pass.name, anchor, found: here });
}

class PipelineRun {
  readonly #records: PassRecord[] = [];
  readonly #snapshots = new SnapshotStates();
  readonly #parts: SnapshotParts;
  readonly #recorder: RewriteRecorder;
  readonly #start = process.hrtime.bigint();
  #current: SnapshotState;
  /** Ops of the module's body. */
  #children: ReadonlySet<Operation>;
  /** Whether all ops led to model nodes so far; hand-written IR need not. */
  readonly #provenance: boolean;

  constructor(
    readonly module: Operation,
    readonly options: RunOptions,
  ) {
    this.#recorder = new RewriteRecorder(options.control);
    this.#parts = new SnapshotParts(module);
    this.#children = new Set(childrenOf(module));
    this.#check('input', verify(module));
    this.#provenance = missingProvenance(module).length === 0;
    this.#current = this.#parts.state();
    this.#snapshots.add(this.#current);
    this.#push(
      'import',
      'import',
      'the model as it was read',
      0,
      0,
      true,
      this.#current,
      [...functionTexts(this.#current).keys()],
      0,
      0,
    );
  }

  pass(
    configured: ConfiguredPass,
    anchors: readonly string[],
    stage: string,
    contract: StageContract | undefined,
  ): void {
    const { options, module } = this;
    const name = configured.pass.name;
    const rewriter = new Rewriter({
      pass: name,
      recorder: this.#recorder,
      resources: options.resources,
      cancellation: options.cancellation ?? neverCancelled,
    });
    const context = {
      rewriter,
      resources: options.resources,
      registry: options.registry,
      cancellation: options.cancellation ?? neverCancelled,
    };
    const firstRewrite = this.#recorder.records.length;
    const firstClaim = this.#recorder.claimed;
    const begin = process.hrtime.bigint();
    for (const op of anchorsBelow(module, anchors)) {
      options.cancellation?.throwIfCancelled();
      configured.run(op, context);
    }
    const duration = Number(process.hrtime.bigint() - begin);
    const state = this.#current;
    if (rewriter.changed) {
      const { touched } = rewriter;
      const before = this.#children;
      this.#children = new Set(childrenOf(module));
      const affected = (op: Operation): boolean => touched.has(op) || touched.has(module) || !before.has(op);
      if (options.verifyEach !== false) this.#check(name, verifyParts(module, affected));
      this.#checkProvenance(name, [...this.#children].filter(affected));
      if (touched.has(module)) this.#parts.forgetAll();
      for (const op of touched) this.#parts.forget(op);
      this.#current = this.#parts.state();
      if (options.keepSnapshots === false) this.#snapshots.clear();
      this.#snapshots.add(this.#current);
    }
    if (contract !== undefined) this.#checkContract(name, contract);
    const changed = this.#current.hash !== state.hash;
    const functions = changed ? changedFunctions(state, this.#current) : [];
    this.#push(
      stage,
      configured.text,
      configured.pass.summary,
      Number(begin - this.#start),
      duration,
      changed,
      state,
      functions,
      firstRewrite,
      firstClaim,
    );
  }

  finish(): PipelineRecord {
    if (this.options.verifyEach === false) this.#check('pipeline', verify(this.module));
    return { passes: this.#records, rewrites: this.#recorder.records, snapshots: this.#snapshots };
  }

  #push(
    stage: string,
    pass: string,
    summary: string,
    startNs: number,
    durationNs: number,
    changed: boolean,
    before: SnapshotState,
    functions: readonly string[],
    firstRewrite: number,
    firstClaim: number,
  ): void {
    const record: PassRecord = {
      index: this.#records.length,
      stage,
      pass,
      summary,
      startNs,
      durationNs,
      changed,
      changedFunctions: functions,
      opCountBefore: this.#records.length === 0 ? 0 : before.opCount,
      opCountAfter: this.#current.opCount,
      rewrites: [firstRewrite, this.#recorder.records.length],
      snapshot: this.#current.hash,
    };
    this.#records.push(record);
    const rewrites = this.#recorder.records.slice(firstRewrite);
    this.options.onRecord?.(
      record,
      rewrites.map((r) => ({ ...r, index: r.index - firstClaim })),
    );
  }
  #check(pass: string, problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    const error = verifierError(problems);
    if (pass === 'input') throw error;
    throw passMessages.error('STR0204', { pass, problem: error.message }, { cause: error });
  }
  #checkProvenance(pass: string, changed: readonly Operation[]): void {
    if (!this.#provenance) return;
    const lost = changed.flatMap(missingProvenance);
    if (lost.length === 0) return;
    throw passMessages.error('STR0205', { pass, lost: summarise(lost.map((op) => op.name)) });
  }
  #checkContract(pass: string, contract: StageContract): void {
    const illegal = this.module.find((op) => !contract.allows(op));
    if (illegal.length === 0) return;
    throw passMessages.error('STR0206', {
      pass,
      stage: contract.name,
      illegal: summarise(illegal.map((op) => op.name)),
    });
  }
}

function anchorsBelow(module: Operation, anchors: readonly string[]): readonly Operation[] {
  let found: readonly Operation[] = [module];
  for (const name of anchors.slice(1)) {
    found = found.flatMap((op) =>
      op.regions.flatMap((r) => r.blocks.flatMap((b) => b.ops.filter((o) => o.name === name))),
    );
  }
  return found;
}
function changedFunctions(before: SnapshotState, after: SnapshotState): readonly string[] {
  const old = functionTexts(before);
  const now = functionTexts(after);
  const changed = [...now].filter(([symbol, text]) => old.get(symbol) !== text).map(([symbol]) => symbol);
  return [...changed, ...[...old.keys()].filter((symbol) => !now.has(symbol))];
}
const childrenOf = (module: Operation): readonly Operation[] =>
  module.regions.flatMap((r) => r.blocks.flatMap((b) => b.ops));
/** `nn.relu (×3), nn.add`. */
function summarise(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const n of names) counts.set(n, (counts.get(n) ?? 0) + 1);
  return [...counts].map(([n, c]) => (c > 1 ? `${n} (×${c})` : n)).join(', ');
}
